//! `/cameras` and `/cameras/{cam}`: plain pages for a browser, Chinese first, made here without any
//! script. Whoever wants to see the picture says why; zones are drawn over it.

use super::caller::Caller;
use super::footage::Reason;
use super::problem::Problem;
use super::request::{Asked, Name};
use super::service::Service;
use crate::error::{AppError, Kind};
use crate::hall::CameraView;
use crate::text::{self, Lang};
use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use plumbline_camera::Zone;
use std::fmt::Write;
use std::sync::Arc;

/// The whole picture in units of the drawing.
const WHOLE: f64 = 100.0;

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("cameras.css"))
}

pub(crate) async fn all(State(service): State<Arc<Service>>) -> Result<Html<String>, Problem> {
    let views = service.blocking(|service| Ok(service.app().hall()?.views())).await?;
    let mut body = format!("<h1>{}</h1>\n", both("page.cameras", &[]));
    if views.is_empty() {
        let _ = write!(body, "<p>{}</p>", both("page.no-cameras", &[]));
    } else {
        body.push_str("<table>\n<tr>");
        for key in ["page.cam", "page.hall", "page.state", "page.since"] {
            let _ = write!(body, "<th>{}</th>", both(key, &[]));
        }
        body.push_str("</tr>\n");
        for view in &views {
            let cam = escape(&view.cam);
            let _ = writeln!(
                body,
                "<tr><td><a href=\"/cameras/{}\">{cam}</a></td><td>{}</td><td{}>{}</td><td>{}</td></tr>",
                encode(&view.cam),
                escape(&view.hall),
                mark(view),
                state(view),
                escape(view.since.as_deref().unwrap_or_default()),
            );
        }
        body.push_str("</table>\n");
    }
    Ok(Html(document(&body)))
}

pub(crate) async fn one(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    Name(cam): Name,
    Asked(Reason { reason }): Asked<Reason>,
) -> Result<Html<String>, Problem> {
    let found = service
        .blocking(move |service| {
            let hall = service.app().hall()?;
            let missing = || AppError::new(Kind::NotFound, "no-camera", &cam);
            let view = hall.views().into_iter().find(|view| view.cam == cam);
            Ok((view.ok_or_else(missing)?, hall.zones(&cam)))
        })
        .await?;
    let (view, zones) = found;
    let mut body = format!(
        "<p><a href=\"/cameras\">{}</a></p>\n<h1>{} · {}</h1>\n<p{}>{}</p>\n",
        both("page.back", &[]),
        escape(&view.cam),
        escape(&view.hall),
        mark(&view),
        state(&view),
    );
    picture(&mut body, &view, &zones, &reason);
    match caller {
        Caller::Viewer(name) => ask(&mut body, &name, &reason),
        Caller::Service | Caller::Nobody => {
            let _ = write!(body, "<p>{}</p>", both("page.not-viewer", &[]));
        }
    }
    legend(&mut body, &zones);
    Ok(Html(document(&body)))
}

/// The picture, if a reason was given, under the zones.
fn picture(body: &mut String, view: &CameraView, zones: &[Zone], reason: &str) {
    body.push_str("<div class=\"picture\">");
    if !reason.trim().is_empty() {
        let (cam, reason) = (encode(&view.cam), encode(reason));
        let alt = both("page.still", &[("cam", &view.cam)]);
        let _ = write!(
            body,
            "<img src=\"/cameras/{cam}/still?reason={reason}\" alt=\"{}\">",
            plain(&alt)
        );
    }
    body.push_str("<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\">");
    for zone in zones {
        let corner = |[x, y]: &[f64; 2]| format!("{:.2},{:.2}", x * WHOLE, y * WHOLE);
        let points: Vec<_> = zone.polygon.iter().map(corner).collect();
        let _ = write!(
            body,
            "<polygon class=\"{}\" points=\"{}\"><title>{} {}</title></polygon>",
            escape(&zone.place.kind),
            points.join(" "),
            escape(&zone.place.zone),
            escape(zone.place.seat.as_deref().unwrap_or_default()),
        );
    }
    body.push_str("</svg></div>\n");
}

/// Asks why somebody wants to look.
fn ask(body: &mut String, name: &str, reason: &str) {
    let _ = writeln!(
        body,
        "<form method=\"get\"><p><label for=\"reason\">{}</label><br>\
         <input id=\"reason\" name=\"reason\" required maxlength=\"200\" size=\"50\" value=\"{}\"> \
         <button>{}</button></p></form>",
        both("page.reason", &[("name", name)]),
        escape(reason),
        both("page.look", &[]),
    );
}

fn legend(body: &mut String, zones: &[Zone]) {
    if zones.is_empty() {
        let _ = write!(body, "<p>{}</p>", both("page.no-zones", &[]));
        return;
    }
    body.push_str("<table>\n<tr>");
    for key in ["page.zone", "page.kind", "page.seat"] {
        let _ = write!(body, "<th>{}</th>", both(key, &[]));
    }
    body.push_str("</tr>\n");
    for Zone { place, .. } in zones {
        let kind = match text::find(&format!("page.kind-{}", place.kind)) {
            Some(_) => both(&format!("page.kind-{}", place.kind), &[]),
            None => escape(&place.kind),
        };
        let seat = escape(place.seat.as_deref().unwrap_or_default());
        let _ = writeln!(
            body,
            "<tr><td>{}</td><td>{kind}</td><td>{seat}</td></tr>",
            escape(&place.zone)
        );
    }
    body.push_str("</table>\n");
}

/// Marks a state that somebody should look after.
fn mark(view: &CameraView) -> &'static str {
    if view.is_well() { "" } else { " class=\"bad\"" }
}

fn state(view: &CameraView) -> String {
    let (zh, en) = (view.words(Lang::Zh), view.words(Lang::En));
    format!("{} <span class=\"en\" lang=\"en\">{}</span>", escape(&zh), escape(&en))
}

/// A text of the catalogue in both languages; its values are escaped.
fn both(key: &str, values: &[(&str, &str)]) -> String {
    let (zh, en) = (text::say(Lang::Zh, key, values), text::say(Lang::En, key, values));
    format!("{} <span class=\"en\" lang=\"en\">{}</span>", escape(&zh), escape(&en))
}

/// A text of [`both`] without its marks, for an attribute.
fn plain(both: &str) -> String {
    both.replace("<span class=\"en\" lang=\"en\">", "/ ").replace("</span>", "")
}

fn document(body: &str) -> String {
    let title = escape(&text::say(Lang::Zh, "page.title", &[]));
    format!(
        "<!DOCTYPE html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"/cameras/style.css\"></head>\n<body>\n{body}</body></html>\n"
    )
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A text as a part of an address.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_text() {
        assert_eq!(escape(r#"<b a="x">&'"#), "&lt;b a=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(encode("C-1/席位 &\""), "C-1%2F%E5%B8%AD%E4%BD%8D%20%26%22");
        assert!(!both("page.reason", &[("name", "<script>")]).contains("<script>"));
    }
}
