//! Events of neighbouring positions, with all their texts in one piece of memory: a reader of the
//! log allocates nothing for an event, and what belongs to one event lies side by side.

use crate::api::Row;
use crate::error::StoreError;
use plumbline_contract::event::EventRef;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::Millis;
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub(crate) struct Stretch {
    first: EventSeq,
    /// Positions that it covers, those of events that were passed over included.
    span: u32,
    texts: String,
    heads: Vec<Head>,
}

/// What of an event is no text, and where its texts end; each begins where the one before it ends.
#[derive(Debug)]
struct Head {
    /// Position, counted from the first of the stretch.
    at: u32,
    begin: u32,
    ends: [u32; TEXTS],
    has_actor: bool,
    time: Millis,
    recorded: Millis,
    corrected: Option<Millis>,
    logged: Millis,
    serial: Option<u64>,
    dataversion: u32,
}

/// See [`Stretch::mark`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    span: u32,
    bytes: usize,
    events: usize,
}

/// Texts of an event.
const TEXTS: usize = 8;

impl Stretch {
    /// An empty one that begins at a position, with room for so many events with so many bytes of
    /// texts.
    pub(crate) fn new(first: EventSeq, events: usize, bytes: usize) -> Self {
        let (texts, heads) = (String::with_capacity(bytes), Vec::with_capacity(events));
        Self { first, span: 0, texts, heads }
    }

    /// How far it has come.
    pub(crate) fn mark(&self) -> Mark {
        Mark { span: self.span, bytes: self.texts.len(), events: self.heads.len() }
    }

    /// Forgets what was added since.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        self.span = mark.span;
        self.texts.truncate(mark.bytes);
        self.heads.truncate(mark.events);
    }

    /// Leaves the next event out.
    pub(crate) fn pass(&mut self) {
        self.span += 1;
    }

    /// Adds the next event.
    ///
    /// # Errors
    /// If all texts would be larger than 4 GiB.
    pub(crate) fn push(&mut self, event: EventRef<'_>) -> Result<(), StoreError> {
        let EventRef { id, source, kind, subject, region, dept, actor, data, .. } = event;
        let texts = [id, source, kind, subject, region, dept, actor.unwrap_or(""), data];
        let begin = self.texts_end()?;
        let mut ends = [0; TEXTS];
        for (end, text) in ends.iter_mut().zip(texts) {
            self.texts.push_str(text);
            *end = self.texts_end()?;
        }
        self.heads.push(Head {
            at: self.span,
            begin,
            ends,
            has_actor: actor.is_some(),
            time: event.time,
            recorded: event.recorded,
            corrected: event.corrected,
            logged: event.logged,
            serial: event.serial,
            dataversion: event.dataversion,
        });
        self.span += 1;
        Ok(())
    }

    fn texts_end(&self) -> Result<u32, StoreError> {
        let too_large = |_| StoreError::Corrupt("a block of events is too large".into());
        u32::try_from(self.texts.len()).map_err(too_large)
    }

    pub(crate) fn first(&self) -> EventSeq {
        self.first
    }

    /// Position behind what it covers.
    pub(crate) fn end(&self) -> EventSeq {
        EventSeq(self.first.0 + u64::from(self.span))
    }

    pub(crate) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Position of the event at a place, counted from 0.
    fn seq(&self, place: usize) -> EventSeq {
        EventSeq(self.first.0 + u64::from(self.heads[place].at))
    }

    /// Place of the first event at a position or behind it.
    fn place_of(&self, seq: EventSeq) -> usize {
        self.heads.partition_point(|head| self.first.0 + u64::from(head.at) < seq.0)
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> usize {
        self.texts.len()
    }

    /// The type of an event alone.
    fn kind(&self, place: usize) -> &str {
        let [_, begin, end, ..] = self.heads[place].ends;
        &self.texts[begin as usize..end as usize]
    }

    /// The event at a place, counted from 0.
    fn get(&self, place: usize) -> EventRef<'_> {
        let head = &self.heads[place];
        let mut from = head.begin;
        let [id, source, kind, subject, region, dept, actor, data] = head.ends.map(|end| {
            let text = &self.texts[from as usize..end as usize];
            from = end;
            text
        });
        EventRef {
            id,
            source,
            kind,
            subject,
            time: head.time,
            recorded: head.recorded,
            corrected: head.corrected,
            logged: head.logged,
            region,
            dept,
            serial: head.serial,
            actor: head.has_actor.then_some(actor),
            dataversion: head.dataversion,
            data,
        }
    }
}

/// Events of the log between two positions, all of them or those of some types, as a reader gets
/// them. Their texts are shared with all who read them at the same time.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    begin: EventSeq,
    end: EventSeq,
    stretches: Vec<Arc<Stretch>>,
    /// For each event its stretch and its place there.
    places: Vec<(u32, u32)>,
}

impl Rows {
    /// Nothing, from a position on.
    pub(crate) fn new(begin: EventSeq) -> Self {
        Self { begin, end: begin, ..Self::default() }
    }

    /// Adds what a stretch holds from the end of these rows on, at most `max` events. Returns how
    /// many were added.
    pub(crate) fn extend(&mut self, stretch: Arc<Stretch>, max: usize) -> usize {
        let skip = stretch.place_of(self.end);
        let until = stretch.len().min(skip.saturating_add(max));
        let number = self.stretches.len() as u32;
        self.places.extend((skip..until).map(|place| (number, place as u32)));
        let end = if until < stretch.len() { stretch.seq(until) } else { stretch.end() };
        self.end = self.end.max(end);
        self.stretches.push(stretch);
        until - skip
    }

    /// Position from which on the log was read.
    #[must_use]
    pub fn begin(&self) -> EventSeq {
        self.begin
    }

    /// Position behind what was read; all events that were asked for before it are here.
    #[must_use]
    pub fn end(&self) -> EventSeq {
        self.end
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Position of the event at a place, counted from 0.
    ///
    /// # Panics
    /// If there are no more than `place` events.
    #[must_use]
    pub fn seq(&self, place: usize) -> EventSeq {
        let (stretch, place) = self.places[place];
        self.stretches[stretch as usize].seq(place as usize)
    }

    /// Place of the first event at a position or behind it; the number of events if there is none.
    #[must_use]
    pub fn place_of(&self, seq: EventSeq) -> usize {
        self.places.partition_point(|(stretch, place)| {
            self.stretches[*stretch as usize].seq(*place as usize) < seq
        })
    }

    /// The event at a place, counted from 0.
    ///
    /// # Panics
    /// If there are no more than `place` events.
    #[must_use]
    pub fn event(&self, place: usize) -> EventRef<'_> {
        let (stretch, place) = self.places[place];
        self.stretches[stretch as usize].get(place as usize)
    }

    /// The types of the events from a place on.
    ///
    /// # Panics
    /// If there are less than `from` events.
    pub fn kinds(&self, from: usize) -> impl ExactSizeIterator<Item = &str> {
        let kind =
            |(stretch, place): &(u32, u32)| self.stretches[*stretch as usize].kind(*place as usize);
        self.places[from..].iter().map(kind)
    }

    /// The events with their positions.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (EventSeq, EventRef<'_>)> {
        (0..self.len()).map(|place| (self.seq(place), self.event(place)))
    }

    /// What was read between two positions.
    #[must_use]
    pub fn part(&self, begin: EventSeq, end: EventSeq) -> Self {
        let mut part = Self { end: end.min(self.end), ..Self::new(begin) };
        let mut last = None;
        for (stretch, place) in &self.places[self.place_of(begin)..self.place_of(end)] {
            if last.replace(*stretch) != Some(*stretch) {
                part.stretches.push(self.stretches[*stretch as usize].clone());
            }
            part.places.push((part.stretches.len() as u32 - 1, *place));
        }
        part
    }

    /// The event at a place with texts of its own.
    ///
    /// # Panics
    /// If there are no more than `place` events.
    #[must_use]
    pub fn row(&self, place: usize) -> Row {
        Row { seq: self.seq(place), event: Arc::new(self.event(place).to_event()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block;
    use plumbline_contract::event::Event;

    fn event(id: &str, actor: Option<&str>) -> Event {
        let actor = actor.map(str::to_owned);
        Event { id: id.into(), actor, ..block::tests::event(r#"{"办件":1}"#) }
    }

    fn stretch(first: u64, events: &[Event]) -> Arc<Stretch> {
        let mut stretch = Stretch::new(EventSeq(first), events.len(), 0);
        events.iter().for_each(|event| stretch.push(event.borrowed()).expect("fits"));
        Arc::new(stretch)
    }

    #[test]
    fn an_event_comes_out_as_it_went_in() {
        let events = [event("一", None), event("", Some("")), event("三", Some("张三"))];
        let mut rows = Rows::new(EventSeq(5));
        assert_eq!(rows.extend(stretch(5, &events), 10), 3);
        let out: Vec<_> = rows.iter().map(|(seq, event)| (seq.0, event.to_event())).collect();
        assert_eq!(out, (5..).zip(events.clone()).collect::<Vec<_>>());
        assert_eq!(rows.row(2).event.borrowed(), events[2].borrowed());
        assert!(rows.kinds(1).eq(events[1..].iter().map(|event| &*event.kind)));
    }

    #[test]
    fn rows_begin_and_end_inside_stretches() {
        let events: Vec<_> = (0..4).map(|number| event(&number.to_string(), None)).collect();
        let mut rows = Rows::new(EventSeq(2));
        assert_eq!(rows.extend(stretch(0, &events), 100), 2);
        assert_eq!(rows.extend(stretch(4, &events), 1), 1);
        let ids: Vec<_> = rows.iter().map(|(seq, event)| (seq.0, event.id.to_owned())).collect();
        assert_eq!(ids, [(2, "2".to_owned()), (3, "3".to_owned()), (4, "0".to_owned())]);
        assert_eq!((rows.end(), rows.len()), (EventSeq(5), 3));
        let part = rows.part(EventSeq(3), EventSeq(9));
        assert!(part.iter().eq(rows.iter().skip(1)));
        assert_eq!((part.begin(), part.end(), part.stretches.len()), (EventSeq(3), EventSeq(5), 2));
        let none = rows.part(EventSeq(4), EventSeq(4));
        assert_eq!((none.end(), none.is_empty()), (EventSeq(4), true));
        // A stretch that ends before adds nothing.
        assert_eq!(rows.extend(stretch(0, &events[..2]), 5), 0);
        assert_eq!(rows.end(), EventSeq(5));
    }

    #[test]
    fn what_was_added_since_a_mark_is_forgotten() {
        let mut stretch = Stretch::new(EventSeq(3), 0, 0);
        stretch.pass();
        stretch.push(event("甲", None).borrowed()).expect("fits");
        let mark = stretch.mark();
        stretch.push(event("乙", Some("张三")).borrowed()).expect("fits");
        stretch.pass();
        stretch.back_to(mark);
        assert_eq!((stretch.end(), stretch.len()), (EventSeq(5), 1));
        stretch.push(event("丙", None).borrowed()).expect("fits");
        let mut rows = Rows::new(EventSeq(3));
        rows.extend(stretch.into(), 9);
        let ids: Vec<_> = rows.iter().map(|(seq, event)| (seq.0, event.id.to_owned())).collect();
        assert_eq!(ids, [(4, "甲".to_owned()), (5, "丙".to_owned())]);
    }

    #[test]
    fn events_that_are_passed_over_leave_their_positions() {
        let mut stretch = Stretch::new(EventSeq(10), 0, 0);
        stretch.pass();
        for id in ["甲", "乙"] {
            stretch.push(event(id, None).borrowed()).expect("fits");
            stretch.pass();
        }
        let stretch = Arc::new(stretch);
        let mut rows = Rows::new(EventSeq(10));
        assert_eq!(rows.extend(stretch.clone(), 1), 1);
        assert_eq!((rows.seq(0), rows.end()), (EventSeq(11), EventSeq(13)));
        assert_eq!(rows.extend(stretch, 5), 1);
        assert_eq!((rows.seq(1), rows.end(), rows.len()), (EventSeq(13), EventSeq(15), 2));
        let places: Vec<_> = (10..16).map(|seq| rows.place_of(EventSeq(seq))).collect();
        assert_eq!(places, [0, 0, 1, 1, 2, 2]);
        let part = rows.part(EventSeq(12), EventSeq(15));
        assert!(part.iter().eq(rows.iter().skip(1)));
    }
}
