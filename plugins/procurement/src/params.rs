//! What an administrator may set per region, and the process definition that ships with the plugin.

use crate::read;
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Look, Parameters};

/// The definition of the 18 links; rows of the table `link18` replace it.
const LINKS_CSV: &str = include_str!("../tables/link18.csv");
/// Vendor prefixes of virtual network cards; rows of the table `network_noise` add to it.
const NOISE_CSV: &str = include_str!("../tables/network_noise.csv");
/// Most rows of thresholds that are read: regions, kinds and years.
const THRESHOLDS_MAX: u32 = 512;
const MINUTES_PER_HOUR: i64 = 60;
const MINUTES_PER_DAY: i64 = 1_440;

/// The parameters; meanings, units and defaults stand in the manifest under the same names.
#[derive(Clone, Debug)]
pub struct Params {
    /// Rules that are switched off.
    pub off: Vec<String>,
    pub docs_days: i32,
    pub docs_gov_wd: i32,
    pub bid_days: i64,
    pub clarify_days: i64,
    pub clarify_prequal_days: i64,
    pub publish_days: i32,
    pub publicity_days: i32,
    pub contract_days: i32,
    pub contract_red_days: i32,
    pub report_days: i32,
    pub choose_wd: i32,
    pub announce_wd: i32,
    pub file_wd: i32,
    pub objection_days: i32,
    pub objection_ahead_days: i64,
    pub complaint_accept_wd: i32,
    pub complaint_wd: i32,
    pub question_wd: i32,
    pub inquiry_wd: i32,
    pub grace_min: i64,
    pub clock_tolerance_min: i64,
    pub bidders_min: i64,
    pub addon_permille: i64,
    pub amend_permille: i64,
    pub pm_days: i64,
    pub bond_permille: i64,
    pub performance_permille: i64,
    pub bond_return_days: i32,
    pub bond_return_gov_wd: i32,
    pub threshold_works: i64,
    pub threshold_goods: i64,
    pub threshold_services: i64,
    pub threshold_gov: i64,
    pub split_days: i32,
    pub near_permille: i64,
    pub near_min: usize,
    pub committee_min: usize,
    pub committee_small: usize,
    pub strong_min: usize,
    pub weak_min: usize,
    pub prices_min: usize,
    pub cv_permille: i64,
    pub spread_bp: i64,
    pub items_min: usize,
    pub ratio_ppm: i64,
    pub ratio_permille: usize,
    pub ident_permille: usize,
    pub hamming_max: i64,
    pub typos_min: usize,
    pub edit_s: i64,
    pub market_days: i32,
    pub co_min: usize,
    pub lift_permille: i64,
    pub together_permille: i64,
    pub open_field: usize,
    pub evenness_permille: i64,
    pub turn_permille: i64,
    pub decoy_min: usize,
    pub waivers_min: usize,
    pub waiver_days: i32,
    pub next_permille: i64,
    pub sigma: i64,
    pub score_floor: i64,
    pub panels: usize,
    pub panel_hits: usize,
    pub score_min_s: i64,
    pub draw_ppm: i64,
    pub draw_days: i32,
    pub draws_min: usize,
    pub major_min: usize,
    pub close_bp: i64,
    pub close_pct: usize,
    pub lots_min: usize,
    pub reserve_bp: i64,
    pub holder_pct: i64,
    pub yellow_cards: usize,
    pub card_days: i32,
    pub yellow_days: i64,
    pub red_days: i64,
    pub floor_run: usize,
    pub appraisal_pct: i64,
    pub report_expected: bool,
    pub acceptance_expected: bool,
    pub small_markets: Vec<String>,
    pub control_exempt: Vec<String>,
    /// The shipped definition of the links.
    pub links: Vec<Link>,
}

impl Params {
    /// A list of all fields, whose length is that of the manifest.
    ///
    /// # Errors
    /// Names the parameter that is missing or malformed.
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, String> {
        Ok(Self {
            off: parameters.off(),
            docs_days: parameters.int("docs_days")?,
            docs_gov_wd: parameters.int("docs_gov_wd")?,
            bid_days: parameters.int("bid_days")?,
            clarify_days: parameters.int("clarify_days")?,
            clarify_prequal_days: parameters.int("clarify_prequal_days")?,
            publish_days: parameters.int("publish_days")?,
            publicity_days: parameters.int("publicity_days")?,
            contract_days: parameters.int("contract_days")?,
            contract_red_days: parameters.int("contract_red_days")?,
            report_days: parameters.int("report_days")?,
            choose_wd: parameters.int("choose_wd")?,
            announce_wd: parameters.int("announce_wd")?,
            file_wd: parameters.int("file_wd")?,
            objection_days: parameters.int("objection_days")?,
            objection_ahead_days: parameters.int("objection_ahead_days")?,
            complaint_accept_wd: parameters.int("complaint_accept_wd")?,
            complaint_wd: parameters.int("complaint_wd")?,
            question_wd: parameters.int("question_wd")?,
            inquiry_wd: parameters.int("inquiry_wd")?,
            grace_min: parameters.int("grace_min")?,
            clock_tolerance_min: parameters.int("clock_tolerance_min")?,
            bidders_min: parameters.int("bidders_min")?,
            addon_permille: parameters.int("addon_permille")?,
            amend_permille: parameters.int("amend_permille")?,
            pm_days: parameters.int("pm_days")?,
            bond_permille: parameters.int("bond_permille")?,
            performance_permille: parameters.int("performance_permille")?,
            bond_return_days: parameters.int("bond_return_days")?,
            bond_return_gov_wd: parameters.int("bond_return_gov_wd")?,
            threshold_works: parameters.int("threshold_works")?,
            threshold_goods: parameters.int("threshold_goods")?,
            threshold_services: parameters.int("threshold_services")?,
            threshold_gov: parameters.int("threshold_gov")?,
            split_days: parameters.int("split_days")?,
            near_permille: parameters.int("near_permille")?,
            near_min: parameters.int("near_min")?,
            committee_min: parameters.int("committee_min")?,
            committee_small: parameters.int("committee_small")?,
            strong_min: parameters.int("strong_min")?,
            weak_min: parameters.int("weak_min")?,
            prices_min: parameters.int("prices_min")?,
            cv_permille: parameters.int("cv_permille")?,
            spread_bp: parameters.int("spread_bp")?,
            items_min: parameters.int("items_min")?,
            ratio_ppm: parameters.int("ratio_ppm")?,
            ratio_permille: parameters.int("ratio_permille")?,
            ident_permille: parameters.int("ident_permille")?,
            hamming_max: parameters.int("hamming_max")?,
            typos_min: parameters.int("typos_min")?,
            edit_s: parameters.int("edit_s")?,
            market_days: parameters.int("market_days")?,
            co_min: parameters.int("co_min")?,
            lift_permille: parameters.int("lift_permille")?,
            together_permille: parameters.int("together_permille")?,
            open_field: parameters.int("open_field")?,
            evenness_permille: parameters.int("evenness_permille")?,
            turn_permille: parameters.int("turn_permille")?,
            decoy_min: parameters.int("decoy_min")?,
            waivers_min: parameters.int("waivers_min")?,
            waiver_days: parameters.int("waiver_days")?,
            next_permille: parameters.int("next_permille")?,
            sigma: parameters.int("sigma")?,
            score_floor: parameters.int("score_floor")?,
            panels: parameters.int("panels")?,
            panel_hits: parameters.int("panel_hits")?,
            score_min_s: parameters.int("score_min_s")?,
            draw_ppm: parameters.int("draw_ppm")?,
            draw_days: parameters.int("draw_days")?,
            draws_min: parameters.int("draws_min")?,
            major_min: parameters.int("major_min")?,
            close_bp: parameters.int("close_bp")?,
            close_pct: parameters.int("close_pct")?,
            lots_min: parameters.int("lots_min")?,
            reserve_bp: parameters.int("reserve_bp")?,
            holder_pct: parameters.int("holder_pct")?,
            yellow_cards: parameters.int("yellow_cards")?,
            card_days: parameters.int("card_days")?,
            yellow_days: parameters.int("yellow_days")?,
            red_days: parameters.int("red_days")?,
            floor_run: parameters.int("floor_run")?,
            appraisal_pct: parameters.int("appraisal_pct")?,
            report_expected: parameters.flag("report_expected")?,
            acceptance_expected: parameters.flag("acceptance_expected")?,
            small_markets: parameters.texts("small_markets")?,
            control_exempt: parameters.texts("control_exempt")?,
            links: shipped_links(),
        })
    }

    /// The amount from which a tender is mandatory, in fen: the row that fits the region best, else
    /// the parameter. None if it is not known what is bought.
    pub(crate) fn threshold(
        &self,
        is_government: bool,
        object: &str,
        region: &str,
        day: Day,
        look: &Look<'_>,
    ) -> Option<i64> {
        let method = if is_government { "government" } else { "tender" };
        let mut best: Option<(usize, i64)> = None;
        for (_, row) in look.rows("procurement_threshold", "", day, THRESHOLDS_MAX).iter() {
            let row = Object::parse(row);
            let scope = read::cell(&row, "region");
            let of_year = row.get("year").and_then(Value::int);
            let fits = read::cell(&row, "kind") == object
                && read::cell(&row, "method") == method
                && read::is_in(region, &scope)
                && of_year.is_none_or(|year| year == i64::from(day.ymd().0));
            let amount = row.get("amount").and_then(Value::int);
            if let Some(amount) = amount.filter(|_| fits)
                && best.is_none_or(|(length, _)| length <= scope.len())
            {
                best = Some((scope.len(), amount));
            }
        }
        let of_parameter = match object {
            _ if is_government => Some(self.threshold_gov),
            "works" => Some(self.threshold_works),
            "goods" => Some(self.threshold_goods),
            "services" => Some(self.threshold_services),
            _ => None,
        };
        best.map(|(_, amount)| amount).or(of_parameter)
    }
}

/// One link of the process: whether it may be left out, and its bounds in time.
#[derive(Clone, Debug)]
pub struct Link {
    pub(crate) number: usize,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) mandatory: bool,
    pub(crate) earliest: Vec<Anchor>,
    pub(crate) latest: Vec<Anchor>,
}

impl Link {
    pub(crate) fn new(
        number: i64,
        kind: &str,
        name: &str,
        mandatory: bool,
        (earliest, latest): (&str, &str),
    ) -> Option<Self> {
        let number = usize::try_from(number).ok().filter(|number| (1..=18).contains(number))?;
        let anchors = |text: &str| text.split(';').filter_map(Anchor::parse).collect();
        Some(Self {
            number,
            kind: kind.to_owned(),
            name: name.to_owned(),
            mandatory,
            earliest: anchors(earliest),
            latest: anchors(latest),
        })
    }
}

/// A moment that other links are measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The first time that a link took place.
    Link(usize),
    /// The end of submission.
    Deadline,
    /// The end of the publication of candidates.
    PublicityEnd,
}

/// A moment with an offset: `L12`, `deadline-48h`, `publicity+1d`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    pub(crate) moment: Moment,
    pub(crate) offset_min: i64,
}

impl Anchor {
    /// None if the text names no moment.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, offset) = match text.find(['+', '-']) {
            Some(at) => (&text[..at], minutes(&text[at..])?),
            None => (text, 0),
        };
        let moment = match name {
            "deadline" => Moment::Deadline,
            "publicity" => Moment::PublicityEnd,
            _ => {
                let number = name.strip_prefix('L')?.parse().ok()?;
                Moment::Link(Some(number).filter(|number| (1..=18).contains(number))?)
            }
        };
        Some(Self { moment, offset_min: offset })
    }

    pub(crate) fn zh(&self) -> String {
        let offset = match self.offset_min {
            0 => String::new(),
            minutes if minutes < 0 => format!("前 {} 小时", -minutes / MINUTES_PER_HOUR),
            minutes => format!("后 {} 小时", minutes / MINUTES_PER_HOUR),
        };
        match self.moment {
            Moment::Link(number) => format!("第 {number} 环节{offset}"),
            Moment::Deadline => format!("投标截止{offset}"),
            Moment::PublicityEnd => format!("公示期满{offset}"),
        }
    }

    pub(crate) fn en(&self) -> String {
        let offset = match self.offset_min / MINUTES_PER_HOUR {
            0 => String::new(),
            hours => format!(" {hours:+} h"),
        };
        match self.moment {
            Moment::Link(number) => format!("link {number}{offset}"),
            Moment::Deadline => format!("the deadline{offset}"),
            Moment::PublicityEnd => format!("the end of publication{offset}"),
        }
    }
}

/// `-48h`, `+1d`, `-30m` in minutes.
fn minutes(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    match unit {
        'm' => Some(number),
        'h' => Some(number * MINUTES_PER_HOUR),
        'd' => Some(number * MINUTES_PER_DAY),
        _ => None,
    }
}

fn shipped_links() -> Vec<Link> {
    let link = |line: &str| {
        let mut cells = line.split(',');
        let number = cells.next()?.parse().ok()?;
        let (kind, name, mandatory) = (cells.next()?, cells.next()?, cells.next()? == "true");
        Link::new(number, kind, name, mandatory, (cells.next()?, cells.next()?))
    };
    LINKS_CSV.lines().skip(1).filter_map(link).collect()
}

/// Whether the vendor prefix of a network card is one of virtual machines, by the shipped list.
pub(crate) fn is_shipped_noise(kind: &str, mark: &str) -> bool {
    let is = |line: &str| {
        let mut cells = line.split(',');
        cells.next() == Some(kind) && cells.next() == Some(mark)
    };
    NOISE_CSV.lines().skip(1).any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_of_the_shipped_definition_is_understood() {
        let links = shipped_links();
        let bounds: usize = links.iter().map(|link| link.earliest.len() + link.latest.len()).sum();
        let named =
            |line: &str| line.split(',').skip(4).take(2).filter(|cell| !cell.is_empty()).count();
        assert_eq!(bounds, LINKS_CSV.lines().skip(1).map(named).sum::<usize>());
        assert!((1..=18).all(|number| links.iter().any(|link| link.number == number)));
        assert_eq!(Anchor::parse("deadline-48h").map(|anchor| anchor.offset_min), Some(-2_880));
        assert!(
            ["L19", "L0", "soon", "deadline-x", ""]
                .iter()
                .all(|text| Anchor::parse(text).is_none())
        );
    }
}
