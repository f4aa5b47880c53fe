//! The addresses of shadow runs and gaps.

use crate::host::Host;
use crate::plugin;
use plumbline::shadow::{self, Candidate};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_run_is_listed_with_its_report_and_gaps_are_open_to_whoever_may_ask() {
    let Some(folder) = plugin::folder("shadows") else { return };
    let prepare = |app: &plumbline::App| plugin::enable(app, &folder);
    let host = Host::start_with(prepare, |_| ()).await;
    assert_eq!(host.get("/v1/shadows").await.json(), json!([]));
    assert_eq!(host.get("/v1/gaps").await.json(), json!([]));
    let warn = json!({ "warn_wd": 3 });
    let candidate = Candidate {
        plugin: "approval",
        region: "370203004",
        package: None,
        parameters: warn.as_object().unwrap(),
    };
    let started = shadow::start(&host.app, &candidate, true).unwrap();
    let listed = host.get("/v1/shadows").await.json();
    assert_eq!(listed[0]["id"], json!(started.id));
    assert_eq!(listed[0]["region"], "370203004");
    let report = host.get(&format!("/v1/shadows/{}/report", started.id)).await;
    assert_eq!(report.status, 200, "{report:?}");
    let report = report.json();
    assert_eq!(report["candidate"]["parameters"]["warn_wd"], 3);
    assert_eq!((&report["gained"], &report["lost"]), (&json!([]), &json!([])));
    for (target, status, code) in [
        ("/v1/shadows/77/report", 404, "no-shadow"),
        ("/v1/shadows/99999999/report", 404, "no-shadow"),
        ("/v1/shadows/x/report", 400, "bad-parameter"),
    ] {
        let answer = host.get(target).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{target}");
    }
    host.stop().await;
}
