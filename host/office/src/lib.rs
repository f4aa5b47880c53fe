//! Documents as Chinese offices lay them out (GB/T 9704-2012 党政机关公文格式): a small closed set of
//! blocks, and writers to DOCX and to HTML for print.
//!
//! In reading order: `document` is what a document consists of, `layout` every measure of the page,
//! `number` numerals and dates in words, `xml` escaping; `docx` and `html` write.
//!
//! It knows nothing of cards, bulletins or ledgers, reads no clock and no file. Equal documents are
//! equal bytes.

mod document;
mod docx;
mod html;
pub mod layout;
pub mod number;
mod xml;

pub use document::{
    Align, Block, Column, Document, Imprint, Language, Line, RedHead, Seal, Signature, Table,
};
pub use docx::{WriteError, docx};
pub use html::html;
