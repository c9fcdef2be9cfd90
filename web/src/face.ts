// What the agent should see in a card at this moment: one of a few faces, the same for screen, title and speech.

import { RecognitionState, VoiceUse, type Candidate, type Card } from "../dist/gen/regulars/v1/desk_pb.ts";

export type Face =
  | "confirmed"
  | "recognised"
  | "probably"
  | "ambiguous"
  | "notKnown"
  | "rejected"
  | "listening"
  | "byNumber"
  | "noConsent"
  | "unavailable"
  | "mixed";

export function faceOf(card: Card): Face {
  if (card.confirmedCustomerId) return "confirmed";
  if (card.rejected) return "rejected";
  switch (card.state) {
    case RecognitionState.RECOGNISED:
      return card.profile ? "recognised" : "probably";
    case RecognitionState.PROBABLY:
      return "probably";
    case RecognitionState.AMBIGUOUS:
      return "ambiguous";
  }
  if (card.voiceUse === VoiceUse.NO_CONSENTED_CANDIDATE) return "noConsent";
  if (card.voiceUse === VoiceUse.UNAVAILABLE) return "unavailable";
  if (card.voiceUse === VoiceUse.MIXED) return "mixed";
  if (card.state === RecognitionState.NOT_KNOWN) return "notKnown";
  return card.voiceUse === VoiceUse.ALLOWED && card.netSpeechMs > 0 ? "listening" : "byNumber";
}

/** Whether the face says who it is, and the card may be used as that person's. */
export function isKnown(face: Face): boolean {
  return face === "confirmed" || face === "recognised";
}

/** Those of the candidates worth a place on the screen: the likely ones, or all as long as only the number spoke. */
export function worthShowing(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate) => candidate.chance === undefined || candidate.chance >= 0.005).slice(0, 5);
}

/** The candidates by chance, most probable first. */
export function likeliest(card: Card): Candidate | undefined {
  return card.candidates[0];
}
