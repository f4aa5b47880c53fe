//! A home in a temporary folder, served on a free port of the loopback, and a plain client.

use plumbline::serve::{ServeOptions, serve};
use plumbline::watch::HealthConfig;
use plumbline::{App, AppError, Config, Home};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A test that waits longer than this has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) app: Arc<App>,
    pub(crate) dir: TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), AppError>>,
}

impl Host {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| (), |_| ()).await
    }

    /// Starts a new home after `prepare`, with `options` changed.
    pub(crate) async fn start_with(
        prepare: impl FnOnce(&App),
        change: impl FnOnce(&mut ServeOptions),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            origin: "test.example/370203".to_owned(),
            region: "370203".to_owned(),
            zone: "Asia/Shanghai".to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            disk_reserve_mib: plumbline::disk::RESERVE_MIB,
            // Nothing happens only because of the hour at which the tests run.
            health: HealthConfig { reconcile_at: "off".to_owned(), ..HealthConfig::default() },
        };
        let app = App::create(Home::new(dir.path().join("home")), &config).unwrap();
        prepare(&app);
        let mut options = ServeOptions::new(config.listen.parse().unwrap());
        change(&mut options);
        Self::serve(app, options, dir).await
    }

    async fn serve(app: App, options: ServeOptions, dir: TempDir) -> Self {
        let app = Arc::new(app);
        let token = app.home().token().unwrap();
        let (stop, stopped) = oneshot::channel();
        let (tell, ready) = oneshot::channel();
        let ready_to = |address| tell.send(address).unwrap();
        let served = tokio::spawn(serve(app.clone(), options, ready_to, stopped));
        let address = ready.await.expect("the service starts");
        Self { address, token, app, dir, stop, served }
    }

    /// Stops and serves the same home again.
    pub(crate) async fn restart(self) -> Self {
        let dir = self.stop().await;
        let app = App::open(Home::new(dir.path().join("home"))).unwrap();
        let options = ServeOptions::new("127.0.0.1:0".parse().unwrap());
        Self::serve(app, options, dir).await
    }

    /// Stops in good order; nothing holds the home any more afterwards.
    pub(crate) async fn stop(self) -> TempDir {
        let file = self.address_file();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), self.address.to_string());
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.served).await;
        assert_eq!(ended.expect("stops in time").unwrap(), Ok(()));
        assert!(!file.exists(), "the address is no longer announced");
        assert_eq!(Arc::strong_count(&self.app), 1, "nothing holds the home any more");
        self.dir
    }

    /// Stops while something still holds the home.
    pub(crate) async fn leave(self) -> TempDir {
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.served).await;
        assert_eq!(ended.expect("stops in time").unwrap(), Ok(()));
        self.dir
    }

    /// Waits for the service to end by itself, with the reason.
    pub(crate) async fn fails(self) -> AppError {
        let file = self.address_file();
        let ended = tokio::time::timeout(PATIENCE, self.served).await;
        let error = ended.expect("ends in time").unwrap().unwrap_err();
        assert!(!file.exists(), "the address is no longer announced");
        error
    }

    pub(crate) fn address_file(&self) -> std::path::PathBuf {
        self.dir.path().join("home/serve.addr")
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "", b"").await
    }

    pub(crate) async fn post(&self, kind: &str, body: impl AsRef<[u8]>) -> Answer {
        let header = format!("content-type: {kind}\r\n");
        self.send("POST", "/v1/events", &header, body.as_ref()).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &str,
        body: &[u8],
    ) -> Answer {
        let token = &self.token;
        let headers = format!("authorization: Bearer {token}\r\n{headers}");
        self.send_as(method, target, &headers, body).await
    }

    /// As [`Host::send`], without the token.
    pub(crate) async fn send_as(
        &self,
        method: &str,
        target: &str,
        headers: &str,
        body: &[u8],
    ) -> Answer {
        let length = body.len();
        let mut request = format!(
            "{method} {target} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.raw(&request).await
    }

    /// Sends bytes as they are and reads until the service closes the connection.
    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The service may answer and close before it has read everything.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        read.expect("answered in time").unwrap();
        Answer::parse(&answer)
    }

    /// Opens a stream of alerts.
    pub(crate) async fn stream(&self, target: &str, last: Option<&str>) -> AlertStream {
        let last = last.map_or(String::new(), |last| format!("last-event-id: {last}\r\n"));
        let token = &self.token;
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n{last}\r\n"
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        AlertStream::open(stream).await
    }
}

/// An answer, its body without the chunks.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        // All answers are text but for pictures, of which only the head is looked at.
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        assert!(!head.contains("chunked"), "only streams are chunked: {head}");
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks that this is a problem with all its members, and returns its code.
    pub(crate) fn code(&self) -> String {
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        for member in ["title", "title_en", "detail"] {
            assert!(problem[member].is_string(), "{member} in {self:?}");
        }
        let code = problem["type"].as_str().unwrap().strip_prefix("urn:plumbline:error:");
        code.unwrap().to_owned()
    }
}

/// Alerts as they come in.
pub(crate) struct AlertStream {
    reader: BufReader<TcpStream>,
    text: String,
}

impl AlertStream {
    /// Reads the head of the answer.
    async fn open(stream: TcpStream) -> Self {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let n = reader.read_line(&mut head).await.unwrap();
            assert!(n > 0, "the head ends: {head}");
        }
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        Self { reader, text: String::new() }
    }

    /// The next alert as (id of the event, its data); nothing if the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim_start().to_owned())
                };
                // Comments keep the connection alive.
                let Some(data) = field("data:") else { continue };
                assert_eq!(field("event:").as_deref(), Some("alert"));
                return Some((
                    field("id:")?.parse().unwrap(),
                    serde_json::from_str(&data).unwrap(),
                ));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.chunk()).await;
            self.text += &chunk.expect("something comes in time")?;
        }
    }

    /// The next chunk of the body; nothing at its end.
    async fn chunk(&mut self) -> Option<String> {
        let mut size = String::new();
        self.reader.read_line(&mut size).await.unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or_default();
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(size);
        if size == 0 { None } else { Some(String::from_utf8(chunk).unwrap()) }
    }
}
