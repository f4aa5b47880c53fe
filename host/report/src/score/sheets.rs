//! Scores as sheets: a list in tiers of similar exposure, the lines of one score, proposals, credit.

use super::escalation::{Instrument, Proposal};
use super::{Credit, Scheme, Score, Standing, Subject};
use crate::exact::Milli;
use crate::period::Period;
use crate::sheet::{Cell, Column, Row, Sheet, Text};
use plumbline_contract::alert::Level;

/// Scores of one kind of subject: tiers of similar exposure, in each by points; equal points by
/// exposure. A score that is withheld is named without figures.
#[must_use]
pub fn score_sheet(scheme: &Scheme, period: Period, scores: &[Score]) -> Sheet {
    let mut columns = vec![
        Column::new("subject", "对象", "subject"),
        Column::new("tier", "规模档", "tier"),
        Column::new("rank", "档内名次", "rank in tier"),
        Column::new("exposure", "办结（任务）数", "cases or tasks"),
    ];
    for (id, dimension) in scheme.in_order() {
        columns.push(Column::new(id, &dimension.zh, &dimension.en));
    }
    columns.extend([
        Column::new("bonus", "加分", "bonus"),
        Column::new("data", "数据扣分", "data"),
        Column::new("sanction", "处分扣分", "sanctions"),
        Column::new("total", "得分", "final points"),
        Column::new("provisional", "暂计得分", "provisional points"),
        Column::new("grade", "等次", "grade"),
        Column::new("veto", "一票否决", "veto"),
    ]);
    if period.is_year() {
        columns.push(Column::new("annual", "年度总分", "annual assessment"));
        columns.push(Column::new("contribution", "折入综合考核", "contribution"));
    }
    let title = Text::new(
        format!("绩效评估（{period}，办法 {}）", scheme.id),
        format!("Performance evaluation ({period}, scheme {})", scheme.id),
    );
    let mut sheet = Sheet::new("scores", title, columns);
    let mut ranked: Vec<&Score> = scores.iter().collect();
    ranked.sort_by(|one, other| {
        let tier = tier(scheme, one.exposure).cmp(&tier(scheme, other.exposure));
        let points = other.total.cmp(&one.total).then(other.exposure.cmp(&one.exposure));
        tier.then(points).then_with(|| one.subject.cmp(&other.subject))
    });
    let mut rank = (usize::MAX, 0);
    for score in ranked {
        let tier = tier(scheme, score.exposure);
        rank = if rank.0 == tier { (tier, rank.1 + 1) } else { (tier, 1) };
        sheet.rows.push(row(score, period, rank));
    }
    sheet.notes = notes(scheme, scores);
    sheet
}

fn tier(scheme: &Scheme, exposure: u32) -> usize {
    scheme.exposure.tiers.iter().filter(|least| exposure >= **least).count()
}

fn row(score: &Score, period: Period, (tier, rank): (usize, usize)) -> Row {
    let number = |points: Milli| if score.withheld { Cell::Empty } else { Cell::Number(points) };
    let mut cells = vec![
        Cell::text(score.subject.code()),
        Cell::count(tier + 1),
        // Officers are not ranked in public.
        if score.subject.is_officer() { Cell::Empty } else { Cell::count(rank) },
        Cell::Count(score.exposure.into()),
    ];
    cells.extend(score.dimensions.iter().map(|dimension| number(dimension.score)));
    let grade = score.grade_in_force();
    cells.extend([
        number(score.bonus_points),
        number(score.data),
        number(score.sanction),
        number(score.total),
        number(score.provisional),
        if score.withheld { Cell::Empty } else { words(grade.names()) },
        veto(score),
    ]);
    if period.is_year() {
        let annual = score.annual.as_ref();
        let open = || words(("未评分", "not scored"));
        let points = |points: Option<Milli>| points.map_or_else(open, number);
        cells.push(points(annual.and_then(|annual| annual.total)));
        cells.push(points(annual.and_then(|annual| annual.contribution)));
    }
    let key = score.subject.code().to_owned();
    Row { key, cells, small_sample: score.small_sample }
}

fn veto(score: &Score) -> Cell {
    match &score.veto {
        None => Cell::Empty,
        Some(veto) if veto.confirmed => words(("已确认", "confirmed")),
        Some(veto) => {
            let (zh, en) = veto.cap.names();
            Cell::Words(Text::new(
                format!("待人工确认（封顶{zh}）"),
                format!("waits for confirmation (cap {en})"),
            ))
        }
    }
}

fn words((zh, en): (&str, &str)) -> Cell {
    Cell::Words(Text::new(zh, en))
}

fn notes(scheme: &Scheme, scores: &[Score]) -> Vec<Text> {
    let min = scheme.exposure.min;
    let mut notes = vec![Text::new(
        "得分只计终局的牌；暂计得分另含尚在申诉期或申诉中的牌。按规模分档排名，不作总排名。",
        "Final points hold final cards only; provisional ones hold those that may still be appealed. \
         Ranks are within tiers of similar exposure.",
    )];
    if scores.iter().any(|score| score.small_sample) {
        notes.push(Text::new(
            format!("* 不足 {min} 件，样本小，仅供参考（n<{min}）。"),
            format!("* Fewer than {min}: a small sample, no conclusion (n<{min})."),
        ));
    }
    if scores.iter().any(|score| score.withheld) {
        let least = scheme.exposure.officer_min;
        notes.push(Text::new(
            format!("工作人员任务不足 {least} 件的不评分；人员得分只告知本人和单位负责人。"),
            format!(
                "Officers with fewer than {least} tasks are not scored; an officer's score is for \
                 the person and the head of the unit."
            ),
        ));
    }
    if scores.iter().any(|score| score.veto.as_ref().is_some_and(|veto| !veto.confirmed)) {
        notes.push(Text::new(
            "一票否决须由人确认，确认前不影响等次。",
            "A veto has to be confirmed by a person; before that it does not change the grade.",
        ));
    }
    notes
}

/// The lines of one score: which card cost what, which bonus was earned.
#[must_use]
pub fn explain_sheet(scheme: &Scheme, score: &Score) -> Sheet {
    let columns = vec![
        Column::new("what", "项目", "what"),
        Column::new("rule", "规则", "rule"),
        Column::new("card", "牌", "card"),
        Column::new("key", "对象", "about"),
        Column::new("level", "级别", "level"),
        Column::new("day", "计分日", "counts by"),
        Column::new("standing", "状态", "standing"),
        Column::new("points", "记分", "points"),
        Column::new("factor", "系数", "factor"),
        Column::new("unanswered", "未答复加扣", "unanswered"),
        Column::new("cost", "实扣", "cost"),
    ];
    let code = score.subject.code();
    let title = Text::new(
        format!("{code} 得分说明（{}）", score.period),
        format!("How {code} was scored ({})", score.period),
    );
    let mut sheet = Sheet::new("explained", title, columns);
    for line in &score.lines {
        let named = scheme.dimensions.get(&line.dimension);
        let level = match line.level {
            Level::Notice => ("提示", "notice"),
            Level::Yellow => ("黄牌", "yellow"),
            Level::Red => ("红牌", "red"),
        };
        let standing = match line.standing {
            Standing::Final => ("终局", "final"),
            Standing::Provisional => ("暂计", "provisional"),
        };
        let cells = vec![
            words(named.map_or(("", ""), |of| (&of.zh, &of.en))),
            Cell::text(&line.rule),
            Cell::text(&line.card),
            Cell::text(&line.key),
            words(level),
            Cell::text(line.day.to_string()),
            words(standing),
            Cell::Number(line.points),
            Cell::Number(line.factor),
            Cell::Number(line.unanswered),
            Cell::Number(Milli(-line.cost.0)),
        ];
        sheet.rows.push(Row { key: line.card.clone(), cells, small_sample: false });
    }
    for bonus in &score.bonus {
        let (zh, en) = match bonus.what {
            "early" => ("加分：提前办结", "bonus: early completion"),
            "promise" => ("加分：压缩承诺时限", "bonus: shorter promises"),
            "satisfaction" => ("加分：满意率", "bonus: content applicants"),
            _ => ("加分：连续无红牌", "bonus: months without a red card"),
        };
        sheet.rows.push(extra(bonus.what, (zh, en), bonus.points));
    }
    if score.data > Milli::ZERO {
        sheet.rows.push(extra("data", ("数据不完整", "incomplete data"), Milli(-score.data.0)));
    }
    if score.sanction > Milli::ZERO {
        let points = Milli(-score.sanction.0);
        sheet.rows.push(extra("sanction", ("处分", "sanctions"), points));
    }
    sheet.notes.push(Text::new(
        "实扣为单张牌折算后的分值；各维度合并折算、一次取整，且扣完为止，故与维度得分可有微小出入。",
        "A card's cost is rounded by itself; a dimension is rounded as a whole and never below zero.",
    ));
    sheet
}

fn extra(key: &str, what: (&str, &str), points: Milli) -> Row {
    let mut cells = vec![words(what)];
    cells.resize(10, Cell::Empty);
    cells.push(Cell::Number(points));
    Row { key: key.to_owned(), cells, small_sample: false }
}

/// What the cards of a month propose.
#[must_use]
pub fn proposal_sheet(month: Period, proposals: &[Proposal]) -> Sheet {
    let columns = vec![
        Column::new("dept", "部门", "department"),
        Column::new("instrument", "建议措施", "proposed"),
        Column::new("ground", "依据", "ground"),
        Column::new("cards", "所据的牌", "cards"),
    ];
    let title =
        Text::new(format!("监督措施建议（{month}）"), format!("Proposed instruments ({month})"));
    let mut sheet = Sheet::new("proposals", title, columns);
    for proposal in proposals {
        let instrument = match proposal.instrument {
            Instrument::Order => ("督办通知", "supervision notice"),
            Instrument::Talk => ("约谈", "talk"),
            Instrument::Advice => ("监察建议", "advice"),
        };
        let ground = match proposal.ground {
            "yellow-rule" => ("同一规则黄牌累计", "yellow cards of one rule"),
            "red" => ("红牌", "red cards"),
            _ => ("等次不合格", "grade fail"),
        };
        let cards = Cell::text(proposal.cards.join(" "));
        let cells = vec![Cell::text(&proposal.dept), words(instrument), words(ground), cards];
        sheet.rows.push(Row { key: proposal.dept.clone(), cells, small_sample: false });
    }
    sheet.notes.push(Text::new("由人决定是否签发。", "A person decides whether they are issued."));
    sheet
}

/// The credit of parties.
#[must_use]
pub fn credit_sheet(credits: &[Credit]) -> Sheet {
    let columns = vec![
        Column::new("party", "主体", "party"),
        Column::new("points", "信用分", "credit"),
        Column::new("cards", "计入的牌", "cards"),
        Column::new("proposed", "建议", "proposal"),
    ];
    let title = Text::new("交易主体信用", "Credit of bidders, agencies and experts");
    let mut sheet = Sheet::new("credit", title, columns);
    for credit in credits {
        let cards = credit.lines.iter().map(|line| format!("{} −{}", line.rule, line.cost));
        let cells = vec![
            Cell::text(&credit.party),
            Cell::Number(credit.points),
            Cell::text(cards.collect::<Vec<_>>().join("; ")),
            if credit.proposed {
                words(("建议限制参与", "restriction proposed"))
            } else {
                Cell::Empty
            },
        ];
        sheet.rows.push(Row { key: credit.party.clone(), cells, small_sample: false });
    }
    sheet
}

impl Subject {
    /// The kind that a word names: `dept`, `officer`, `item` or `region`.
    #[must_use]
    pub fn kind(word: &str) -> Option<Self> {
        match word {
            "dept" => Some(Self::Dept(String::new())),
            "officer" => Some(Self::Officer(String::new())),
            "item" => Some(Self::Item(String::new())),
            "region" => Some(Self::Region(String::new())),
            _ => None,
        }
    }
}
