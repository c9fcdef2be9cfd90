// Numbers, times and languages as people write them.

import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { t } from "./texts.ts";

const toTheSecond = new Intl.DateTimeFormat(t.locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const clock = new Intl.DateTimeFormat(t.locale, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(t.locale, { weekday: "short", day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(t.locale, { day: "numeric", month: "short", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(t.locale, { numeric: "auto" });
const languages = new Intl.DisplayNames(t.locale, { type: "language" });
const percents = new Intl.NumberFormat(t.locale, { style: "percent", maximumFractionDigits: 0 });
const rates = new Intl.NumberFormat(t.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const seconds = new Intl.NumberFormat(t.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const DAY_MS = 86_400_000;

export function time(at: Date): string {
  return clock.format(at);
}

export function timeToTheSecond(at: Date): string {
  return toTheSecond.format(at);
}

export function date(at: Date): string {
  return dayAndYear.format(at);
}

export function year(at: Timestamp | undefined): string {
  return at ? String(timestampDate(at).getFullYear()) : "";
}

/** "today", "yesterday", "8 days ago", then the day itself. */
export function when(at: Timestamp | undefined, now: Date): string {
  if (!at) return "";
  const date = timestampDate(at);
  const midnight = (of: Date) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  const days = Math.round((midnight(now) - midnight(date)) / DAY_MS);
  if (days < 14) return relative.format(-days, "day");
  return days < 300 ? day.format(date) : dayAndYear.format(date);
}

/** Minutes and seconds since `at`. */
export function lasting(at: Timestamp | undefined, until: Date): string {
  const total = at ? Math.max(0, Math.floor((until.getTime() - timestampDate(at).getTime()) / 1000)) : 0;
  return `${Math.floor(total / 60)}:${String(total % 60).padStart(2, "0")}`;
}

export function language(tag: string): string {
  try {
    return languages.of(tag) ?? tag;
  } catch {
    return tag; // not a BCP 47 tag: what the shop wrote is better than nothing
  }
}

/** Never "100 %": it is a probability. */
export function percent(chance: number): string {
  if (chance > 0.99) return "> 99 %";
  if (chance < 0.01) return "< 1 %";
  return percents.format(chance).replace("%", " %").replace("  ", " ");
}

/** A rate of counted things, which may well be none or all: "3.3 %". */
export function rate(share: number): string {
  return `${points(share)}\u00a0%`;
}

/** The same without its sign. */
export function points(share: number): string {
  return rates.format(100 * share);
}

export function chanceWord(chance: number): string {
  return t.chanceWords.find(([least]) => chance >= least)?.[1] ?? "";
}

export function secondsOf(ms: number): string {
  return seconds.format(ms / 1000);
}

export function count(number: number): string {
  return t.numbers[number] ?? String(number);
}

/** ITU-T E.164 country codes of one and two digits; all others have three. */
const ONE_DIGIT = /^[17]/;
const TWO_DIGITS = /^(2[07]|3[0123469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** Groups of three are easier to read aloud than twelve digits in a row. */
export function number(e164: string): string {
  const digits = e164.replace(/^\+/, "");
  const length = ONE_DIGIT.test(digits) ? 1 : TWO_DIGITS.test(digits) ? 2 : 3;
  const rest = digits.slice(length).replace(/(\d{3})(?=\d{2})/g, "$1 ");
  return `+${digits.slice(0, length)} ${rest}`;
}

/** From the currency's smallest unit, of which some have a hundred and some have one. */
export function price(minor: bigint, currency: string): string {
  const money = new Intl.NumberFormat(t.locale, { style: "currency", currency });
  return money.format(Number(minor) / 10 ** (money.resolvedOptions().maximumFractionDigits ?? 2));
}

export function firstName(name: string): string {
  return name.split(" ")[0] ?? name;
}
