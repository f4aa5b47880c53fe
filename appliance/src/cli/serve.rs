//! `serve`: starts the service and stops it in order on SIGTERM and SIGINT.

use super::{Context, OK};
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::home::Home;
use crate::serve::{ServeOptions, serve};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[derive(Debug, Default, clap::Args)]
pub(super) struct Arguments {
    /// 监听地址，缺省见 config.toml / Address; that of config.toml if not given
    #[arg(long)]
    listen: Option<String>,
}

pub(super) fn run(context: &mut Context<'_, '_>, arguments: Arguments) -> Result<u8, AppError> {
    // Commands that are sent from elsewhere tell of files in the home.
    let dir = context.home.dir();
    let dir = std::path::absolute(dir).map_err(|error| AppError::io(dir, &error))?;
    let app = Arc::new(App::open(Home::new(dir))?);
    let listen = arguments.listen.unwrap_or_else(|| app.config().listen.clone());
    let address: SocketAddr = listen
        .parse()
        .map_err(|error| AppError::new(Kind::Usage, "address", format!("{listen}: {error}")))?;
    log();
    let failed = |error: std::io::Error| AppError::new(Kind::Failed, "runtime", error);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    let out = &mut *context.out;
    let served = runtime.block_on(async {
        let mut term = signal(SignalKind::terminate()).map_err(failed)?;
        let mut int = signal(SignalKind::interrupt()).map_err(failed)?;
        let shutdown = async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
        };
        let home = app.home().clone();
        let ready = |address: SocketAddr| {
            let (address, token) = (address.to_string(), home.token_file().display().to_string());
            if out.json {
                out.object(&json!({ "listening": address, "token_file": token }));
            } else {
                out.say("serve.ready", &[("address", &address), ("token", &token)]);
            }
            out.flush();
        };
        serve(app, ServeOptions::new(address), ready, shutdown).await
    });
    // A command that did not end in its time is not waited for.
    runtime.shutdown_background();
    served?;
    context.out.note("serve.stopped", &[]);
    Ok(OK)
}

/// Logs go to standard error; `RUST_LOG` says how much.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // In a test another service may have set it up already.
    let _ = subscriber.try_init();
}
