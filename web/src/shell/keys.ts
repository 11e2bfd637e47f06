/** The keys of the page, told by `?` and by About. */
export const keys: { place: string; rows: [string, string][] }[] = [
  {
    place: 'Everywhere',
    rows: [['?', 'this list']],
  },
  {
    place: 'Compare',
    rows: [
      ['Ctrl+Enter', 'run; in the editor, submit'],
      ['← → Home End', 'scrub through the turns'],
      ['+ − 0', 'zoom the charts in, out, to the whole'],
      ['← →, Shift', 'on a slider: a step, ten steps'],
      ['Backspace', "on a slider: the law's own value"],
    ],
  },
  {
    place: 'Predict, on the player',
    rows: [
      ['Space', 'play or pause'],
      ['← →, Shift', 'a frame, ten frames'],
      ['Home End', 'first and last frame'],
      [', .', 'slower, faster'],
      ['1 2 3 4', 'overlay, side by side, error, onion skin'],
      ['m', 'first miss'],
    ],
  },
]
