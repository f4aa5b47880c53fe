//! How a case that is part of a joint approval stands, told to the stream `joint` (APPR-J01).

use super::{File, Said};
use crate::Params;
use plumbline_guest::Look;
use plumbline_guest::json::Writer;

pub(super) fn publish(file: &File, params: &Params, look: &mut Look<'_>) {
    if file.joints.is_empty() {
        return;
    }
    let handled = |said: &Said| matches!(said, Said::Received { .. } | Said::Accepted);
    let dept = file.lines.iter().find(|line| handled(&line.fact.said)).map(|line| &*line.dept);
    let replies: Vec<_> = file
        .lines
        .iter()
        .filter_map(|line| match &line.fact.said {
            Said::Reply { dept } => Some(format!("{}@{dept}", line.time.0)),
            _ => None,
        })
        .collect();
    let pauses = file.pauses();
    let pauses: Vec<_> = pauses.iter().map(|p| format!("{}/{}", p.begin.0, p.end.0)).collect();
    for joint_no in &file.joints {
        let data = Writer::default()
            .text("joint_no", joint_no)
            .text("case_no", &file.case_no)
            .text("dept", dept.unwrap_or(""))
            .list("replies", replies.iter().map(String::as_str))
            .list("pauses", pauses.iter().map(String::as_str))
            .int("ext_wd", file.extension(params.limits.joint_ext_wd).into())
            .int("rev", file.revision + file.lines.len() as i64);
        let data = match file.end() {
            Some(end) => data.int("ended", end.time.0),
            None => data,
        };
        look.fact("standing", joint_no, data);
    }
}
