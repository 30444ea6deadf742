internal import Foundation

/// Bars of how many times as fast, or as small, we are as what we are held against, on a scale of
/// powers of ten, as SVG that reads on light and on dark pages.
struct RatioPlot {
  private struct Bar {
    let label: String
    /// Costs are turned round: more is better in every bar.
    let speed: Double
    let quartiles: ClosedRange<Double>
    let goal: Double?
    let reached: Bool?
  }

  private struct Group {
    let title: String
    var bars: [Bar]
  }

  private var groups: [Group] = []
  /// Powers of ten.
  private var scale = -1...1

  private static let width = 1_000.0
  private static let plot = 450.0...880.0
  private static let (top, row, gap) = (64.0, 19.0, 30.0)

  init(_ measurements: [Measurement]) {
    for measurement in measurements {
      guard let bar = Self.bar(of: measurement) else { continue }
      if groups.last?.title != measurement.name {
        groups.append(Group(title: measurement.name, bars: []))
      }
      groups[groups.count - 1].bars.append(bar)
    }
    let ends = groups.flatMap(\.bars).flatMap { bar in
      [bar.speed, bar.goal ?? 1].map { log10($0) }
    }
    let low = max(-9, Int((ends.min() ?? 0).rounded(.down)))
    let high = min(9, Int((ends.max() ?? 0).rounded(.up)))
    scale = min(low, -1)...max(high, 1)
  }

  private static func bar(of measurement: Measurement) -> Bar? {
    guard let ratio = measurement.ratio, let quartiles = measurement.quartiles,
      let reference = measurement.referenceValue, reference > 0,
      quartiles.lowerBound > 0, quartiles.upperBound.isFinite
    else { return nil }
    let isCost = measurement.isCost
    let turned = { (value: Double) in isCost ? 1 / value : value }
    let ends = [quartiles.lowerBound, quartiles.upperBound].map(turned).sorted()
    return Bar(
      label: measurement.reference, speed: turned(ratio), quartiles: ends[0]...ends[1],
      goal: (measurement.goal?.ratio(beside: reference)).map(turned), reached: measurement.reached)
  }

  var svg: String {
    let height =
      Self.top + 40
      + groups.reduce(0) { $0 + Self.gap + Self.row * Double($1.bars.count) }
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(Self.width)) \
      \(Self.number(height))" role="img" aria-labelledby="title description">
      <title id="title">Paywatch beside libraries and limits</title>
      <desc id="description">\(Self.escaped(description))</desc>
      <style>\(Self.style)</style>
      <rect class="page" width="100%" height="100%"/>
      <text x="16" y="26" class="title">How many times as fast (or as small) as what it is held \
      against</text>

      """
    text += grid(height: height)
    var y = Self.top
    for group in groups {
      y += Self.gap
      text +=
        #"<text x="16" y="\#(Self.number(y - 7))" class="name">"#
        + "\(Self.escaped(group.title))</text>\n"
      for bar in group.bars {
        text += draw(bar, y: y)
        y += Self.row
      }
    }
    return text + legend(y: y + 24) + "</svg>\n"
  }

  // MARK: Parts

  private func draw(_ bar: Bar, y: Double) -> String {
    let (one, end) = (x(1), x(bar.speed))
    let middle = y + Self.row / 2
    let kind = bar.reached.map { $0 ? "reached" : "missed" } ?? "plain"
    var text = """
      <text x="28" y="\(Self.number(middle + 4))" class="label">\(Self.escaped(bar.label))</text>
      <rect class="\(kind)" x="\(Self.number(min(one, end)))" y="\(Self.number(y + 3))" \
      width="\(Self.number(max(abs(end - one), 1)))" height="\(Self.number(Self.row - 6))"/>
      <path class="spread" d="M\(Self.number(x(bar.quartiles.lowerBound))) \
      \(Self.number(middle))H\(Self.number(x(bar.quartiles.upperBound)))"/>

      """
    if let goal = bar.goal {
      let x = x(goal)
      text += """
        <path class="goal" d="M\(Self.number(x)) \(Self.number(y + 1))l4 -4h-8zm0 0v\
        \(Self.number(Self.row - 2))"/>

        """
    }
    let sign = bar.reached.map { $0 ? " ✓" : " ✗" } ?? ""
    return text
      + #"<text x="984" y="\#(Self.number(middle + 4))" class="figure">"#
      + "\(Report.figure(bar.speed)) ×\(sign)</text>\n"
  }

  private func grid(height: Double) -> String {
    scale.map { power in
      let place = Self.number(x(pow(10, Double(power))))
      let label =
        power < 0
        ? "0." + String(repeating: "0", count: -power - 1) + "1"
        : "1"
          + String(repeating: "0", count: power)
      return """
        <path class="\(power == 0 ? "one" : "grid")" d="M\(place) \(Self.number(Self.top - 6))V\
        \(Self.number(height - 40))"/>
        <text x="\(place)" y="\(Self.number(Self.top - 12))" class="scale">\(label) ×</text>

        """
    }.joined()
  }

  private func legend(y: Double) -> String {
    let entries = [
      ("reached", "goal reached ✓"), ("missed", "not reached ✗"), ("plain", "no goal"),
    ]
    var text = ""
    for (place, entry) in entries.enumerated() {
      let x = 28 + 150 * Double(place)
      text += """
        <rect class="\(entry.0)" x="\(Self.number(x))" y="\(Self.number(y - 10))" width="12" \
        height="12"/><text x="\(Self.number(x + 18))" y="\(Self.number(y))" \
        class="label">\(entry.1)</text>

        """
    }
    return text + """
      <path class="goal" d="M484 \(Self.number(y - 8))l4 -4h-8zm0 0v10"/>\
      <text x="496" y="\(Self.number(y))" class="label">the goal; lines in bars are quartiles</text>

      """
  }

  /// The same in words.
  private var description: String {
    let bars = groups.flatMap { group in
      group.bars.map { "\(group.title): \(Report.figure($0.speed)) times \($0.label)" }
    }
    return "Horizontal bars from one, on a logarithmic scale. " + bars.joined(separator: "; ") + "."
  }

  /// The place of a ratio from left to right, kept within the scale.
  private func x(_ ratio: Double) -> Double {
    let share =
      (log10(ratio) - Double(scale.lowerBound)) / Double(scale.upperBound - scale.lowerBound)
    return Self.plot.lowerBound
      + (Self.plot.upperBound - Self.plot.lowerBound) * min(max(share, 0), 1)
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() ? String(Int(value)) : String(format: "%.1f", value)
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  private static let style = """
    text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;\
    font-size:12px;fill:#1f2328}\
    .title{font-size:16px;font-weight:600}.name{font-size:13px;font-weight:600}\
    .label{fill:#59636e}.scale{fill:#59636e;font-size:11px;text-anchor:middle}\
    .figure{text-anchor:end}\
    .page{fill:#ffffff}.grid{stroke:#d1d9e0;fill:none}.one{stroke:#59636e;fill:none}\
    .reached{fill:#2a7f62}.missed{fill:#c4622d}.plain{fill:#6e8fb5}\
    .spread{stroke:#1f2328;stroke-width:2;fill:none}\
    .goal{stroke:#1f2328;fill:#1f2328;stroke-width:1.5}\
    @media (prefers-color-scheme:dark){text{fill:#e6edf3}.label,.scale{fill:#9aa4af}\
    .page{fill:#0d1117}.grid{stroke:#30363d}.one{stroke:#9aa4af}\
    .reached{fill:#3fae8a}.missed{fill:#e08a55}.plain{fill:#5d7fa8}\
    .spread{stroke:#e6edf3}.goal{stroke:#e6edf3;fill:#e6edf3}}
    """
}
