//! Papers that an oversight office issues: the monthly bulletin, the annual assessment, notices of
//! cards and supervision notices. Words come from templates, figures from `report`, cards from the
//! ledger; what the paper looks like is the business of `plumbline-office`.
//!
//! In reading order: `template` is what a county may change, `content` what a paper says; `monthly`,
//! `annual` and `notice` gather it, `compose` puts both together, `issue` keeps and seals what is
//! final.

mod annual;
mod compose;
mod content;
mod issue;
mod monthly;
mod notice;
mod sheets;
mod template;
mod window;

pub use annual::annual;
pub use compose::{compose, front};
pub use content::{Basis, Content, Part, Stage, Values};
pub use issue::{Issued, Order, issue, issued, next_edition};
pub use monthly::{Ground, answer_by, monthly};
pub use notice::{Asked, Instrument, card, supervision};
pub use template::{Kind, SHIPPED, Template};
pub use window::{check as check_window, put_out};
