// The supervisor's page: how often the card was right, by what the agents said.

import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { useEffect, useState } from "preact/hooks";
import type { AccuracyGroup, DescribeAccuracyResponse, Rate } from "../../dist/gen/regulars/v1/supervisor_pb.ts";
import { PERIODS, type Accuracy, type AccuracyModel } from "../accuracy.ts";
import { date, rate, timeToTheSecond } from "../format.ts";
import { t } from "../texts.ts";
import { CalibrationInForce } from "./CalibrationInForce.tsx";
import { ChancesFigure } from "./ChancesFigure.tsx";
import { DetFigure } from "./DetFigure.tsx";
import { groupName, Parts } from "./Parts.tsx";
import { useModel } from "./useModel.ts";

const words = t.accuracy;

export function Supervisor({ accuracy }: { accuracy: Accuracy }) {
  const model = useModel(accuracy);
  useEffect(() => {
    document.title = `${words.title} · ${t.product}`;
  }, []);
  return (
    <div class="supervisor">
      <header class="supervisor-top">
        <a class="supervisor-back" href="/">
          {words.back}
        </a>
        <h1>{words.title}</h1>
        <Period model={model} choose={(days) => accuracy.choose(days)} />
        <AsOf model={model} />
      </header>
      <main>{model.answer ? <Answer answer={model.answer} days={model.answerDays} /> : <p>{!model.lost && words.reading}</p>}</main>
    </div>
  );
}

function Period({ model, choose }: { model: AccuracyModel; choose: (days: number) => void }) {
  return (
    <fieldset class="periods">
      <legend>{words.period}</legend>
      {PERIODS.map((days) => (
        <label class="choice" key={days}>
          <input type="radio" name="days" checked={model.days === days} onChange={() => choose(days)} />
          {words.days(days)}
        </label>
      ))}
    </fieldset>
  );
}

function AsOf({ model }: { model: AccuracyModel }) {
  const time = model.answer?.asOf && timeToTheSecond(timestampDate(model.answer.asOf));
  if (model.lost) {
    return (
      <p class="as-of as-of-lost" role="alert">
        {time ? words.lost(time) : words.lostEmpty}
      </p>
    );
  }
  return <p class="as-of figure">{time && words.asOf(time)}</p>;
}

function Answer({ answer, days }: { answer: DescribeAccuracyResponse; days: number }) {
  const [shown, show] = useState("");
  const all = answer.groups[0];
  if (!all || all.calls === 0) return <Nothing answer={answer} days={days} />;
  const group = answer.groups.find((each) => groupName(each) === shown) ?? all;
  return (
    <>
      <p class="supervisor-lead">
        {words.judged(words.calls(all.calls), all.tooEarly)} {newestOnly(answer, days)}
      </p>
      <section class="tellings">
        <Telling title={words.missed} term={words.missedTerm} says={words.missedOf} of={all.fnir} />
        <Telling title={words.taken} term={words.takenTerm} says={words.takenOf} of={all.fpir} />
        <Telling title={words.wrong} term={words.wrongTerm} says={words.wrongOf} of={all.wrongName} />
      </section>
      {answer.groups.length > 2 && <Show groups={answer.groups} shown={groupName(group)} show={show} />}
      <div class="figures">
        <ChancesFigure group={group} />
        <DetFigure det={group.det} />
      </div>
      <Parts groups={answer.groups} />
      <CalibrationInForce answer={answer} />
      <p class="aside supervisor-caution">{words.caution}</p>
    </>
  );
}

function Nothing({ answer, days }: { answer: DescribeAccuracyResponse; days: number }) {
  return (
    <>
      <section class="supervisor-nothing">
        <h2>{days === 365 ? words.none : words.noneIn(words.days(days))}</h2>
        <p>{words.noneLong}</p>
        <p>{words.noneAdvice}</p>
      </section>
      <CalibrationInForce answer={answer} />
    </>
  );
}

/** One rate: the figure, the sentence, how sure it is, and what it is called. */
function Telling(props: { title: string; term: string; says: (count: number, of: number) => string; of: Rate | undefined }) {
  const { title, term, says, of } = props;
  const value = of?.value;
  return (
    <article class="telling">
      <h2>{title}</h2>
      <p class="telling-rate figure">{value === undefined ? "–" : rate(value)}</p>
      <p>{of && value !== undefined ? says(of.count, of.of) : words.noSuchCall}</p>
      {of?.low !== undefined && of.high !== undefined && <p class="figure">{words.between(rate(of.low), rate(of.high))}</p>}
      <p class="aside">{term}</p>
    </article>
  );
}

function Show({ groups, shown, show }: { groups: AccuracyGroup[]; shown: string; show: (name: string) => void }) {
  return (
    <label class="field show">
      <span>{words.show}</span>
      <select value={shown} onChange={(event) => show(event.currentTarget.value)}>
        {groups.map(groupName).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

/** A word when so many calls were asked for that the oldest were left out. */
function newestOnly({ since, asOf }: DescribeAccuracyResponse, days: number): string {
  const DAY_MS = 86_400_000;
  const age = (from: Timestamp, to: Timestamp) => timestampDate(to).getTime() - timestampDate(from).getTime();
  const cut = since && asOf && age(since, asOf) < days * DAY_MS;
  return cut ? words.newestOnly(date(timestampDate(since))) : "";
}
