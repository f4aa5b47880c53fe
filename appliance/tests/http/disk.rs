//! A disk without room: new events are refused, everything else goes on, and it ends by itself.

use crate::accepted;
use crate::host::Host;
use plumbline::disk::RESERVE_MIB;
use plumbline_contract::time::Millis;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const LINES: &str = "application/x-ndjson";

#[tokio::test(flavor = "multi_thread")]
async fn new_events_wait_until_there_is_room_again() {
    let free = Arc::new(AtomicU64::new(0));
    let measured = free.clone();
    let prepare = move |app: &plumbline::App| {
        app.disk().measure_with(Box::new(move || Ok(measured.load(Ordering::Relaxed))));
    };
    let host = Host::start_with(prepare, |_| ()).await;
    for _ in 0..3 {
        let answer = host.post(LINES, accepted("1", "C1")).await;
        assert_eq!((answer.status, answer.code().as_str()), (507, "disk-full"));
        assert_eq!(answer.json()["title"], "磁盘已满");
    }
    assert_eq!(host.app.store().next_seq().0, 0, "nothing is half accepted");
    // What was accepted goes on: reading, ticks, acts and sealing.
    assert_eq!(host.get("/v1/alerts").await.status, 200);
    host.app.tick(Millis(0), false).unwrap();
    host.app.record(&[b"{}".to_vec()]).unwrap();
    host.app.settle().unwrap();
    let health = host.get("/healthz").await.json();
    assert_eq!((&health["ok"], &health["accepting"]), (&true.into(), &false.into()));
    free.store((RESERVE_MIB + 1) * 1024 * 1024, Ordering::Relaxed);
    let receipt = host.post(LINES, accepted("1", "C1")).await.json();
    assert_eq!(receipt["accepted"], 1, "{receipt}");
    assert_eq!(host.get("/healthz").await.json()["accepting"], true);
    host.stop().await;
}
