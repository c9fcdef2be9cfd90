// The frame of a drawing: two axes in per cent, with the same marks on both.

/** In units of the drawing; its type is 15 of them high. */
export const PLOT = { left: 62, top: 12, width: 326, height: 326, viewBox: "0 0 400 400" } as const;

/** A share of 1, and where it stands. */
export interface Mark {
  at: number;
  x: number;
  y: number;
}

export function Axes({ x, y, marks }: { x: string; y: string; marks: Mark[] }) {
  const { left, top, width, height } = PLOT;
  const bottom = top + height;
  const middle = top + height / 2;
  return (
    <g class="plot-axes">
      {marks.map((mark) => (
        <g key={mark.at}>
          <line x1={left} x2={left + width} y1={mark.y} y2={mark.y} />
          <line y1={top} y2={bottom} x1={mark.x} x2={mark.x} />
          <text x={mark.x} y={bottom + 20} text-anchor="middle">
            {label(mark)}
          </text>
          <text x={left - 8} y={mark.y + 5} text-anchor="end">
            {label(mark)}
          </text>
        </g>
      ))}
      <text class="plot-title" x={left + width / 2} y={bottom + 44} text-anchor="middle">
        {x}
      </text>
      <text class="plot-title" x={16} y={middle} text-anchor="middle" transform={`rotate(-90 16 ${middle})`}>
        {y}
      </text>
    </g>
  );
}

function label({ at }: Mark): string {
  return String(Math.round(at * 1000) / 10);
}
