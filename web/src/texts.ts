// Every word that the page itself says. A translation is another table of the same type.

import type { Channel, EndCause } from "../dist/gen/regulars/v1/desk_pb.ts";
import type { Bandwidth } from "../dist/gen/regulars/v1/supervisor_pb.ts";

const en = {
  product: "Regulars",
  locale: "en-GB",

  // The top bar.
  linesAll: "All lines",
  linesSome: (lines: string[]) => (lines.length === 1 ? `Line ${lines[0]}` : `Lines ${lines.join(", ")}`),
  you: "You",
  soundOn: "Tone on",
  soundOff: "Tone off",
  connected: "Live",
  connecting: "Connecting",
  connectionLost: "Connection lost",
  connectionLostLong: (since: string) =>
    `Connection lost at ${since}. What you see is from then. The calls go on; trying again.`,

  // The list of calls.
  calls: "Calls",
  noCalls: "No calls",
  quiet: "The line is quiet.",
  quietLong: "The next caller's card appears here by itself, at the first ring.",
  ended: "Ended",
  newCall: "new",
  line: (line: string) => `Line ${line}`,
  lineName: (name: string) => `“${name}”`,
  withheld: "Number withheld",

  // Who it is.
  caller: "The caller",
  listening: "Listening",
  byNumber: "By the number",
  couldBe: "Could be",
  oneOf: (count: string) => `one of ${count} people`,
  atThisNumber: "at this number. The voice will tell, or ask for the name.",
  couldBeOneOf: (count: string) => `Could be one of ${count} people at this number.`,
  unknownCaller: "New caller",
  nobodyAtNumber: "Nobody we know has called from this number.",
  nobodyWithheld: "The number is withheld.",
  probably: "Probably",
  ambiguous: "One of two",
  recognised: "Recognised",
  confirmed: "Confirmed",
  notKnown: "Not someone we know",
  notKnownShort: "Not known",
  notKnownLong: "The voice is none that we keep. Serve as a new caller.",
  rejected: "Someone else",
  rejectedLong: "You ruled out the people below. Pick one if it was them after all.",
  or: "or",
  unsureName: (name: string) => `${name}?`,
  ask: (name: string) => `Ask: “Am I speaking to ${name}?”`,
  askWhich: "Ask for the name, then pick it.",
  askByName: "Ask for the name.",
  notAuthenticated: "not authenticated",
  noConsent: "Voice not used",
  someoneElse: "Someone else",
  chanceWords: [
    [0.97, "almost certain"],
    [0.9, "very likely"],
    [0.7, "likely"],
    [0.5, "more likely than not"],
    [0.25, "possible"],
    [0, "unlikely"],
  ] as readonly (readonly [number, string])[],
  heard: (seconds: string) => `${seconds} s of speech heard`,
  heardOf: (seconds: string, of: string) => `${seconds} of ${of} s`,
  byYou: "by you, not by the voice",
  settled: "Settled",
  stillListening: "Still listening",
  whoItMayBe: "Who it may be",
  itIs: "It is",
  pickOne: "It is the first, second … of the list",
  speaks: (language: string) => `Speaks ${language}`,
  since: (year: string) => `Customer since ${year}`,
  allergy: "Allergy",
  notes: "Good to know",
  advice: "Next",
  offerNothing: (why: string) => `Offer nothing today. ${why}`,

  // Complaint and contacts.
  complaint: "Still open",
  complaintWith: (agent: string) => `told to ${agent}`,
  lastContacts: "Last contacts",
  noContacts: "No contacts so far.",
  toBeDone: (what: string) => `To be done: ${what.replace(/[.\s]+$/, "")}.`,
  considered: (items: string) => `Looked at ${items}.`,
  mentioned: (competitor: string) => `Mentioned ${competitor}.`,
  resolved: "put right",
  open: "open",
  channels: ["", "Phone", "Web", "E-mail", "In the shop", "Delivery"] satisfies Record<Channel, string> as readonly string[],

  // The order.
  theUsual: "The usual",
  maybe: "Maybe",
  lastTime: "Last time",
  order: "Order",
  lastTimeWas: (when: string, lines: string) => `Last time, ${when}: ${lines}.`,
  sameLastTime: (when: string) => `The same last time, ${when}.`,
  changed: "Changed order",
  noOrderYet: "The usual stands here as soon as we know who it is.",
  noOrderKnown: "No order of theirs is known yet. F8 starts one.",
  noOrderStranger: "Nothing known. Take the order as you always do.",
  emptyOrder: "Nothing on it yet.",
  takeOrder: "Take the order",
  changeOrder: "Change",
  keepUsual: "Back to how it was",
  doneChanging: "Done",
  less: (item: string) => `One ${item} less`,
  more: (item: string) => `One more ${item}`,
  remove: (item: string) => `Take ${item} off`,
  addItem: "Add from the menu",
  contains: (allergens: string) => `Listed with ${allergens}.`,
  goesWith: (items: string) => `Goes with ${items}.`,
  add: "Add",
  orderHeld: "Order taken",
  orderSent: "Order placed",
  orderNumber: (order: string) => `No. ${order}`,

  // A suspicious call.
  flag: "Flag",
  flagLong: "Flag this call: it seems to be a recording, or a fraud",
  flagged: "Flagged",

  // Undo.
  undo: "Undo",
  sentSoon: "sent in a moment",
  didTake: "Order taken",
  didReject: "Someone else",
  didFlag: "Call flagged: nothing is learnt from it, and calls that sound the same are warned of",
  didConfirm: (name: string) => `It is ${name}`,
  didEnroll: (name: string) => `${name} said yes`,
  didWithdraw: (name: string) => `${name} took the consent back: the voiceprint will be deleted`,
  failed: {
    order: "The order was not placed",
    identity: "This could not be noted",
    enroll: "The consent was not taken down",
    question: "The caller cannot answer by key",
    withdraw: "The consent is not withdrawn yet",
    flag: "The call was not flagged",
  },
  again: "Try again",
  dismiss: "Close",

  // Consent.
  saidYes: "Caller said yes",
  askConsent: "Ask for consent",
  consentTitle: "Read this to the caller:",
  consentWho: "Who is asked",
  consentNew: "Someone new",
  consentName: "Name of the caller",
  consentBy: "Asked by",
  consentNo: "Caller said no",
  consentKey: "By key 1",
  consentKeySay: "Say: “Press 1 if you agree.”",
  consentKeyWaiting: "Waiting for the caller to press 1.",
  consentNeedsName: "Write down the caller's name first.",
  consentNeedsAgent: "Write down your own name first: the consent record needs it.",
  agreed: (name: string) => `${name} has agreed to be recognised.`,
  withdraw: "Caller takes it back",
  withdrawLong: "If they take it back, the voiceprint is deleted and the voice is not compared again.",
  language: "Language",
  gathering: "Learning the voice",
  stored: "Voice learnt for the next call",
  enrollFailed: "The voice was not learnt",
  withdrawn: "Consent withdrawn, the voiceprint is deleted.",

  endCauses: [
    "",
    "The caller hung up.",
    "The caller gave up before we answered.",
    "Nothing was heard for too long.",
    "The service was shut down.",
    "The call broke off.",
  ] satisfies Record<EndCause, string> as readonly string[],
  nextCall: "Next call",
  previousCall: "Previous call",
  keys: "Keys",

  // The supervisor's page. The plain word first, the term of ISO/IEC 19795-1 second.
  accuracy: {
    title: "How often the card was right",
    back: "Back to the calls",
    reading: "Reading the calls.",
    asOf: (time: string) => `As of ${time}`,
    lost: (time: string) => `The service does not answer. What you see is as of ${time}; trying again.`,
    lostEmpty: "The service does not answer; trying again.",
    period: "Calls of the last",
    days: (days: number) => (days === 365 ? "year" : `${days} days`),
    newestOnly: (since: string) => `There are more calls than are read at once: these are the newest, since ${since}.`,
    judged: (calls: string, tooEarly: number) =>
      `${calls} judged by the agents. ` +
      (tooEarly === 0
        ? "All of them had speech enough for a name."
        : `${tooEarly} of them before there was speech enough for a name; the rates leave ${tooEarly === 1 ? "it" : "those"} out.`),
    calls: (calls: number) => (calls === 1 ? "One call was" : `${calls} calls were`),
    none: "No call has been judged yet.",
    noneIn: (days: string) => `No call of the last ${days} has been judged.`,
    noneLong:
      "A call counts when the caller’s voice was compared and an agent then said who it was: by confirming the name, " +
      "choosing another, “Someone else”, or taking the order. The figures appear here by themselves.",
    noneAdvice: "Ask the agents to confirm a name also when the card is right: otherwise only the mistakes are counted.",

    missed: "Not recognised",
    missedOf: (count: number, of: number) =>
      `Of ${of} ${of === 1 ? "regular" : "regulars"} who called, ${count || "none"} ${count === 1 ? "was" : "were"} not recognised.`,
    missedTerm: "False-negative identification rate, FNIR",
    taken: "Taken for a regular",
    takenOf: (count: number, of: number) =>
      `Of ${of} other ${of === 1 ? "caller" : "callers"}, ${count || "none"} ${count === 1 ? "was" : "were"} recognised as somebody.`,
    takenTerm: "False-positive identification rate, FPIR",
    wrong: "A wrong name",
    wrongOf: (count: number, of: number) =>
      `In ${count || "none"} of ${of} ${of === 1 ? "call" : "calls"} the card stood for another than the caller.`,
    wrongTerm: "Wrong name shown as recognised, of all calls",
    noSuchCall: "No such call so far.",
    between: (low: string, high: string) => `Between ${low} and ${high} (95 % confidence)`,

    show: "Show",
    all: "All calls",
    bandwidths: ["", "Narrowband lines", "Wideband lines"] satisfies Record<Bandwidth, string> as readonly string[],

    chances: "Did the stated chance come true?",
    chancesTerm: "Reliability diagram, by the chance of the likeliest person",
    chancesLong: "On the dashed line, people are as often who the card says as it states. Below it, the card promises too much.",
    chancesNone: "No call with speech enough yet.",
    stated: "Card stated",
    cameTrue: "Came true",
    range: (from: string, to: string) => `${from} to ${to}`,
    point: (stated: string, cameTrue: string) => `stated ${stated}, came true ${cameTrue}`,

    det: "Missing a regular against letting a stranger pass",
    detTerm: "Detection error tradeoff, DET: single comparisons with one voiceprint, at every threshold",
    detX: "strangers let pass, %",
    detY: "regulars missed, %",
    detLong: (targets: number, callers: number, nontargets: number) =>
      `From ${targets} comparisons with the caller’s own voiceprint, by ${callers} ${callers === 1 ? "caller" : "callers"}, ` +
      `and ${nontargets} with somebody else’s.`,
    detFew: (targets: number, nontargets: number, least: number) =>
      `Too few comparisons for this curve: ${targets} with the caller’s own voiceprint and ${nontargets} with somebody ` +
      `else’s. It takes ${least} of each.`,
    equal: "Both errors equal (EER)",
    ifPass: "Strangers let pass",
    isMissed: "Regulars missed",
    confidence: "95 % confidence",

    parts: "By line and by bandwidth",
    part: "Calls of",
    judgedCalls: "Judged",
    cost: "Cllr",
    costLong: "Cllr: what the chances cost in bits. 0 is perfect, 1 is what saying nothing costs.",
    so: (count: number, of: number) => `${count} of ${of}`,

    inForce: "The chances on the cards",
    model: "They are worked out as they came with the speaker model.",
    own: (since: string) => `They are fitted to this shop’s own calls${since ? `, since ${since}` : ""}.`,
    atNextStart: "That has been changed meanwhile: the next start of the service takes up the new one.",
    line: (scale: string, offset: string) => `log-likelihood ratio × ${scale} ${offset}`,
    refitFew: "A fit to this shop’s own calls needs more of the last year:",
    missingTargets: (n: number) => `${n} more comparisons with the caller’s own voiceprint`,
    missingNontargets: (n: number) => `${n} more with somebody else’s`,
    missingPeople: (n: number) => `${n} more ${n === 1 ? "person" : "people"} among those who are compared`,
    refitBetter: (now: string, then: string) =>
      `A fit to the calls of the last year would be better: the cost (Cllr) would go from ${now} to ${then} bits, on people ` +
      `whom it has not seen.`,
    refitWould: (now: string, then: string) => `What the voice alone makes ${now} now would then be ${then}.`,
    refitHow: "regulars calibrate --dry-run shows more, and regulars calibrate takes it up.",
    refitSame: (now: string, then: string) =>
      `A fit to the calls of the last year would be no better than what holds now: a cost (Cllr) of ${then} against ${now} bits.`,
    caution:
      "These are figures of the calls that agents have judged. They speak up more readily when a card is wrong, so over all " +
      "calls the rates may be lower. The ranges count calls; calls of one caller are alike, so with few callers the truth " +
      "may lie outside.",
  },

  numbers: ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
};

export type Texts = typeof en;
export const t: Texts = en;
