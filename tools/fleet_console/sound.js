/* Two short tones for a new urgent alert; three, higher, from level 4 on. Off until it is switched on by hand. */
"use strict";
const Sound = (() => {
  let context = null;
  let on = false;
  let last = 0;
  function tone(at, hertz, length) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + length);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + length);
  }
  function play(level, now) {
    if (!on || !context || now - last < 2000) return false;   // a depot with many vehicles must not drone
    last = now;
    const tones = level >= 4 ? [880, 1175, 880] : [660, 660];
    tones.forEach((hertz, index) => tone(context.currentTime + index * 0.22, hertz, 0.18));
    return true;
  }
  function toggle() {
    on = !on;
    if (on && !context && window.AudioContext) context = new AudioContext();
    context?.resume?.();
    return on;
  }
  return { play, toggle, get on() { return on; } };
})();
