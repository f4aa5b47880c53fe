// 公车加油监察: a vendor's plugin in JavaScript, without any SDK.
//
// One rule: a car that is refuelled twice within `hours` is a clue (线索). The plugin is a pure
// fold: it keeps the last refuelling and the alerts it raised, as JSON, in the state of its key.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let hours = 2;

export function configure(parameters) {
  const value = JSON.parse(parameters).hours;
  if (!Number.isInteger(value)) {
    throw "hours: must be a whole number";
  }
  hours = value;
}

// `look` is "every", "last" or "trace". This fold looks at each input in any case.
export function supervise(tasks, look) {
  return tasks.map((task) => fold(task, look === "trace"));
}

function fold(task, trace) {
  const state = task.state.length ? JSON.parse(decoder.decode(task.state)) : { seen: [] };
  const findings = [];
  task.inputs.forEach((input, index) => {
    if (input.tag === "event") {
      take(state, input.val, index, task.key, findings);
    }
  });
  return {
    state: encoder.encode(JSON.stringify(state)),
    wake: undefined,
    findings,
    withdrawals: [],
    facts: [],
    measures: [],
    trace: trace ? [explain(state)] : [],
  };
}

function take(state, event, index, key, findings) {
  const time = Number(event.time);
  const near = state.seen.find((other) => Math.abs(other.time - time) < hours * 3600_000);
  state.seen.push({ time, seq: Number(event.seq) });
  state.seen = state.seen.slice(-8);
  if (!near) {
    return;
  }
  findings.push({
    rule: "FUEL-01",
    episode: String(event.seq),
    level: "notice",
    was: undefined,
    subject: key,
    due: undefined,
    at: event.time,
    seen: event.logged,
    input: index,
    region: event.region,
    dept: event.dept,
    evidence: new BigUint64Array([BigInt(near.seq), event.seq]),
    values: JSON.stringify({ minutes: Math.round(Math.abs(near.time - time) / 60_000) }),
  });
}

function explain(state) {
  const n = state.seen.length;
  return {
    rule: "FUEL-01",
    outcome: "quiet",
    zh: `已记录 ${n} 次加油`,
    en: `${n} refuellings on record`,
    values: "{}",
  };
}
