//! The year from its first to its last day, domain by domain.

use crate::approval::Approvals;
use crate::conduct::Conduct;
use crate::fund::Funds;
use crate::grid::Grids;
use crate::label::Label;
use crate::penalty::Penalties;
use crate::powers::Powers;
use crate::procurement::Trades;
use crate::rng::Rng;
use crate::story::{Plan, Story, tell};
use crate::table::Tables;
use crate::town::Town;
use plumbline_contract::time::Day;
use std::collections::BTreeMap;
use std::io;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub seed: u64,
    /// 1.0 is the whole county with about 1.5 million events.
    pub scale: f64,
    /// How often each story is told, whatever the scale.
    pub tellings: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 2025, scale: 1.0, tellings: 5 }
    }
}

/// What was made beside the lines.
#[derive(Clone, Debug)]
pub struct Made {
    pub labels: Vec<Label>,
    /// Events by type.
    pub volumes: BTreeMap<&'static str, u64>,
    /// Reference tables by name, as CSV, the calendar not among them.
    pub tables: Vec<(&'static str, String)>,
}

/// A part of the county's life.
pub(crate) trait Domain: Sized + 'static {
    const NAME: &'static str;
    fn new(town: &mut Town, rng: Rng) -> Self;
    fn stories() -> Vec<Story<Self>>;
    /// The lawful traffic of a day.
    fn day(&mut self, town: &mut Town, day: Day);
    fn fill(&self, town: &Town, tables: &mut Tables);
}

/// A domain with the plan of its stories.
struct Told<D: 'static> {
    domain: D,
    stories: Vec<Story<D>>,
    plan: Plan,
}

/// A domain as the year sees it.
trait Part {
    fn day(&mut self, town: &mut Town, day: Day);
    fn fill(&self, town: &Town, tables: &mut Tables);
}

impl<D: Domain> Part for Told<D> {
    fn day(&mut self, town: &mut Town, day: Day) {
        while let Some(index) = self.plan.due(day) {
            tell(&self.stories[index], &mut self.domain, town, day);
        }
        self.domain.day(town, day);
    }

    fn fill(&self, town: &Town, tables: &mut Tables) {
        self.domain.fill(town, tables);
    }
}

fn part<D: Domain>(town: &mut Town, options: &Options) -> Box<dyn Part> {
    let domain = D::new(town, Rng::new(options.seed, D::NAME));
    let stories = D::stories();
    let mut rng = Rng::new(options.seed, &format!("{} stories", D::NAME));
    let plan = Plan::new(&stories, options.tellings, &town.clock, &mut rng);
    Box::new(Told { domain, stories, plan })
}

/// Writes the year: each event is one line of JSON with its line end, in the order of recording.
///
/// # Errors
/// What `sink` answers.
pub fn year(options: &Options, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<Made> {
    let mut town = Town::new(options.scale);
    let mut parts = [
        part::<Approvals>(&mut town, options),
        part::<Penalties>(&mut town, options),
        part::<Trades>(&mut town, options),
        part::<Powers>(&mut town, options),
        part::<Funds>(&mut town, options),
        part::<Conduct>(&mut town, options),
        part::<Grids>(&mut town, options),
    ];
    let mut day = town.clock.first();
    while day <= town.clock.last() {
        parts.iter_mut().for_each(|part| part.day(&mut town, day));
        town.book.send(day, sink)?;
        day = day.plus(1);
    }
    let mut tables = Tables::default();
    town.people.fill(&mut tables);
    parts.iter().for_each(|part| part.fill(&town, &mut tables));
    let (volumes, labels) = (town.book.volumes().clone(), std::mem::take(&mut town.labels));
    Ok(Made { labels, volumes, tables: tables.into_texts() })
}
