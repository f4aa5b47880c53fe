//! Rejects: input that is no event, with the reason in a code and in two languages.

use std::collections::BTreeMap;

/// Longest piece of the offending value that a reject carries, in bytes. Enough to find it in the
/// source, too little to fill a disk.
pub const VALUE_BYTES_MAX: usize = 80;

/// Why something is no event. The codes are a contract with senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectCode {
    InvalidUtf8,
    NotJson,
    TooDeep,
    NotAnObject,
    DuplicateKey,
    Specversion,
    MissingField,
    WrongType,
    EmptyField,
    TextTooLong,
    ControlCharacter,
    BadTimestamp,
    RecordedInFuture,
    ReservedType,
    PlatformType,
    BadRegion,
    BadSerial,
    BadDataversion,
    DataTooLarge,
    LineTooLong,
    UnmappedActivity,
    UnknownCode,
    BadValue,
    MissingColumn,
    ColumnCount,
    BrokenQuotes,
    BrokenXml,
    TraceTooLarge,
    EventOutsideTrace,
    BrokenGzip,
}

impl RejectCode {
    pub const ALL: [Self; 30] = [
        Self::InvalidUtf8,
        Self::NotJson,
        Self::TooDeep,
        Self::NotAnObject,
        Self::DuplicateKey,
        Self::Specversion,
        Self::MissingField,
        Self::WrongType,
        Self::EmptyField,
        Self::TextTooLong,
        Self::ControlCharacter,
        Self::BadTimestamp,
        Self::RecordedInFuture,
        Self::ReservedType,
        Self::PlatformType,
        Self::BadRegion,
        Self::BadSerial,
        Self::BadDataversion,
        Self::DataTooLarge,
        Self::LineTooLong,
        Self::UnmappedActivity,
        Self::UnknownCode,
        Self::BadValue,
        Self::MissingColumn,
        Self::ColumnCount,
        Self::BrokenQuotes,
        Self::BrokenXml,
        Self::TraceTooLarge,
        Self::EventOutsideTrace,
        Self::BrokenGzip,
    ];

    /// The machine-readable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// What it means, in Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        self.row().1
    }

    /// What it means, in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::InvalidUtf8 => ("invalid_utf8", "文字编码不正确", "not in the expected encoding"),
            Self::NotJson => ("not_json", "不是合法的 JSON", "not valid JSON"),
            Self::TooDeep => ("too_deep", "JSON 嵌套层次过深", "JSON is nested too deep"),
            Self::NotAnObject => ("not_an_object", "不是 JSON 对象", "not a JSON object"),
            Self::DuplicateKey => ("duplicate_key", "同一键名出现多次", "a key occurs twice"),
            Self::Specversion => {
                ("specversion", "specversion 必须是 \"1.0\"", "specversion must be \"1.0\"")
            }
            Self::MissingField => ("missing_field", "缺少必填字段", "a required field is missing"),
            Self::WrongType => ("wrong_type", "字段类型不正确", "a field has the wrong type"),
            Self::EmptyField => ("empty_field", "必填字段为空", "a required field is empty"),
            Self::TextTooLong => ("text_too_long", "字段过长", "a text is too long"),
            Self::ControlCharacter => {
                ("control_character", "字段含有控制字符", "a field contains a control character")
            }
            Self::BadTimestamp => {
                ("bad_timestamp", "时间格式不正确或日期不存在", "not a timestamp, or no such date")
            }
            Self::RecordedInFuture => {
                ("recorded_in_future", "录入时间远在未来", "recorded far in the future")
            }
            Self::ReservedType => {
                ("reserved_type", "事件类型为系统保留", "the event type is reserved to the host")
            }
            Self::PlatformType => (
                "platform_type",
                "platform.* 由主机写入，数据源无权报送",
                "platform.* is written by the host; this source may not send it",
            ),
            Self::BadRegion => (
                "bad_region",
                "区划代码应为 6、9 或 12 位数字",
                "a region code has 6, 9 or 12 digits",
            ),
            Self::BadSerial => {
                ("bad_serial", "流水号应为非负整数", "a serial is a whole number from 0 on")
            }
            Self::BadDataversion => (
                "bad_dataversion",
                "dataversion 应为从 1 起的整数",
                "dataversion is a whole number from 1 on",
            ),
            Self::DataTooLarge => ("data_too_large", "data 超过大小上限", "data is too large"),
            Self::LineTooLong => ("line_too_long", "单条记录过长", "a record is too long"),
            Self::UnmappedActivity => (
                "unmapped_activity",
                "活动在映射文件中既未映射也未忽略",
                "the mapping neither maps nor ignores the activity",
            ),
            Self::UnknownCode => {
                ("unknown_code", "代码不在对照表中", "the code is not in its table")
            }
            Self::BadValue => ("bad_value", "值无法转换", "a value cannot be converted"),
            Self::MissingColumn => {
                ("missing_column", "表头缺少映射所需的列", "the header lacks a mapped column")
            }
            Self::ColumnCount => {
                ("column_count", "列数与表头不符", "the number of columns differs from the header")
            }
            Self::BrokenQuotes => ("broken_quotes", "引号不配对", "quotes are not balanced"),
            Self::BrokenXml => ("broken_xml", "XML 已损坏", "the XML is broken"),
            Self::TraceTooLarge => ("trace_too_large", "单个案例过大", "a trace is too large"),
            Self::EventOutsideTrace => {
                ("event_outside_trace", "事件不属于任何案例", "an event stands outside a trace")
            }
            Self::BrokenGzip => ("broken_gzip", "压缩文件已损坏", "the gzip stream is broken"),
        }
    }
}

/// A piece of input that is no event, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Line of the file, counted from 1; for a JSON array the number of the element, for XES that
    /// of the trace.
    pub line: Option<u64>,
    /// Where the record (for broken XML: the fault) begins, in bytes of the uncompressed stream.
    pub byte: Option<u64>,
    /// Whose record it is, as far as it says so in a way that can be read.
    pub source: Option<String>,
    pub code: RejectCode,
    pub field: Option<String>,
    /// The offending value, cut to [`VALUE_BYTES_MAX`]; empty if it must not be shown.
    pub value: String,
}

impl Reject {
    pub(crate) fn new(code: RejectCode, field: &str, value: &str) -> Self {
        let field = (!field.is_empty()).then(|| cut(field));
        Self { line: None, byte: None, source: None, code, field, value: cut(value) }
    }

    pub(crate) fn at(mut self, line: u64, byte: u64) -> Self {
        self.line = Some(line);
        self.byte = Some(byte);
        self
    }

    /// The reason in Chinese, with place, field and value.
    #[must_use]
    pub fn zh(&self) -> String {
        let place = match (self.line, self.byte) {
            (Some(line), _) => format!("第 {line} 条："),
            (None, Some(byte)) => format!("第 {byte} 字节："),
            (None, None) => String::new(),
        };
        let field = self.field.as_ref().map_or(String::new(), |field| format!("，字段 {field}"));
        let value = if self.value.is_empty() {
            String::new()
        } else {
            format!("，值“{}”", self.value)
        };
        format!("{place}{}{field}{value}", self.code.zh())
    }

    /// The reason in English, with place, field and value.
    #[must_use]
    pub fn en(&self) -> String {
        let place = match (self.line, self.byte) {
            (Some(line), _) => format!("record {line}: "),
            (None, Some(byte)) => format!("byte {byte}: "),
            (None, None) => String::new(),
        };
        let field = self.field.as_ref().map_or(String::new(), |field| format!(", field {field}"));
        let value =
            if self.value.is_empty() { String::new() } else { format!(", value `{}`", self.value) };
        format!("{place}{}{field}{value}", self.code.en())
    }
}

/// Counts of rejects by code, and the first few in full: what an import reports at its end.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub counts: BTreeMap<RejectCode, u64>,
    pub first: Vec<Reject>,
    first_max: usize,
}

impl Tally {
    /// A tally that keeps the first `first_max` rejects and counts the rest.
    #[must_use]
    pub fn new(first_max: usize) -> Self {
        Self { first_max, ..Self::default() }
    }

    pub fn add(&mut self, rejects: impl IntoIterator<Item = Reject>) {
        for reject in rejects {
            *self.counts.entry(reject.code).or_default() += 1;
            if self.first.len() < self.first_max {
                self.first.push(reject);
            }
        }
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}

/// A text that can be printed on one line: cut at a character and without control characters.
fn cut(text: &str) -> String {
    let mut end = text.len().min(VALUE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut short: String =
        text[..end].chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if end < text.len() {
        short.push('…');
    }
    short
}
