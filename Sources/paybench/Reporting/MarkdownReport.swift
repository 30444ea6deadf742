internal import Foundation

/// The measurements for readers: whole, and what the README shows of them.
enum MarkdownReport {
  private static let caption =
    "How many times as fast each benchmark is as what it is held against"

  /// Every row, and how each benchmark measures.
  static func full(_ measurements: [Measurement], on machine: Machine) -> String {
    var text = """
      # Measured

      By `make bench`, which writes this file, on \(machine.description). Each figure and what it \
      is held against do their work in turns in the same run. Figures are medians over the rounds, \
      ratios medians of the rounds' ratios, with the quartiles between which half of them are. \
      Libraries of Python's are timed inside processes of their own. What was absent on this \
      machine says so.

      ![\(caption)](ratios.svg)


      """
    text += table(
      ["benchmark", "figure", "", "beside", "figure", "ratio", "quartiles", "goal", ""],
      rightAligned: [1, 4, 5], measurements.map(Report.cells))
    text += "\n## How\n\n"
    var told: Set<String> = []
    for measurement in measurements
    where !measurement.how.isEmpty && told.insert(measurement.contest).inserted {
      text += "- **\(escaped(measurement.contest))**: \(measurement.how)\n"
    }
    return text
  }

  /// What has a goal, in few columns, below the plot.
  ///
  /// - Parameter plot: its path, as seen from the file that has the summary
  static func summary(
    _ measurements: [Measurement], on machine: Machine, plot: String
  ) -> String {
    let rows = measurements.filter { $0.goal != nil }.map { measurement in
      let cells = Report.cells(measurement)
      return [
        cells[0], "\(cells[1]) \(cells[2])", cells[3], cells[5].isEmpty ? cells[4] : cells[5],
        cells[7], cells[8],
      ]
    }
    return "![\(caption)](\(plot))\n\nOn \(machine.description):\n\n"
      + table(
        ["benchmark", "figure", "beside", "ratio", "goal", ""], rightAligned: [1, 3], rows)
  }

  /// Where a file has its summary.
  static let marks = (begin: "<!-- paybench -->\n", end: "<!-- /paybench -->\n")

  /// A file's text with another summary between its marks.
  static func replacing(summaryIn text: String, by summary: String) throws -> String {
    guard let begin = text.range(of: marks.begin),
      let end = text.range(of: marks.end, range: begin.upperBound..<text.endIndex)
    else {
      throw BenchmarkFailure(
        "a file with a summary has a line \(marks.begin.dropLast()) before it and a line "
          + "\(marks.end.dropLast()) after it")
    }
    return text[..<begin.upperBound] + "\n" + summary + "\n" + text[end.lowerBound...]
  }

  private static func table(
    _ titles: [String], rightAligned: Set<Int>, _ rows: [[String]]
  ) -> String {
    let rule = titles.indices.map { rightAligned.contains($0) ? "---:" : "---" }
    return ([titles, rule] + rows.map { $0.map(escaped) })
      .map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("|", with: "\\|").replacing("\n", with: " ")
  }
}
