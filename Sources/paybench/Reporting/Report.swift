internal import Foundation

/// The measurements as text.
enum Report {
  static func json(_ measurements: [Measurement]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(measurements), as: UTF8.self)
  }

  static func table(_ measurements: [Measurement]) -> String {
    var rows = [["benchmark", "figure", "unit", "beside", "figure", "ratio", "", "goal", ""]]
    rows += measurements.map(cells)
    return aligned(rows, right: [1, 4, 5])
  }

  /// Rows of as many cells each, in columns.
  ///
  /// - Parameter right: columns that end at the same place instead of beginning there
  static func aligned(_ rows: [[String]], right: some Sequence<Int>) -> String {
    let right = Set(right)
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      zip(row, widths).enumerated().map { column, cell in
        let gap = String(repeating: " ", count: cell.1 - cell.0.count)
        return right.contains(column) ? gap + cell.0 : cell.0 + gap
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// Name, figure, unit; reference, its figure, ratio, the ratio's quartiles; goal and whether it
  /// is reached.
  static func cells(_ measurement: Measurement) -> [String] {
    [
      measurement.name, figure(measurement.value), measurement.unit, measurement.reference,
      measurement.referenceValue.map(figure) ?? "absent",
      measurement.ratio.map { figure($0) + " ×" } ?? "",
      measurement.quartiles.map { "\(figure($0.lowerBound))–\(figure($0.upperBound))" } ?? "",
      measurement.goal?.text ?? "",
      measurement.reached.map { $0 ? "reached" : "not reached" } ?? "",
    ]
  }

  /// Three significant digits, or all before the point.
  static func figure(_ value: Double) -> String {
    let digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
    return String(format: "%.\(digits)f", value)
  }
}

/// What is going on, for whoever waits.
enum Progress {
  static func note(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Array("paybench: \(text)\n".utf8))
  }
}
