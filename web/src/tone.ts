// One soft tone for a new call: made, not loaded, so that it is there at once.

let audio: AudioContext | undefined;

export function ring(): void {
  audio ??= new AudioContext();
  // Browsers keep sound off until the page was touched once.
  void audio.resume();
  const at = audio.currentTime;
  const gain = audio.createGain();
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.06, at + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.7);
  gain.connect(audio.destination);
  for (const [hertz, delay] of [
    [523.25, 0],
    [659.25, 0.12],
  ] as const) {
    const tone = audio.createOscillator();
    tone.type = "sine";
    tone.frequency.value = hertz;
    tone.connect(gain);
    tone.start(at + delay);
    tone.stop(at + 0.75);
  }
}
