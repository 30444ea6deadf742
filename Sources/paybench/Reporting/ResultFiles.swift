internal import Foundation

/// The results that are kept in the tree.
struct ResultFiles {
  /// Each file and its text, all made before one is written.
  private let texts: [(URL, String)]

  /// - Parameters:
  ///   - path: the folder for `results.md`, `results.json` and `ratios.svg`, as seen from `readme`
  ///   - readme: a file with a place for the summary
  init(
    _ measurements: [Measurement], on machine: Machine, in path: String, readme: URL?
  ) throws {
    let folder = URL(filePath: path)
    var texts = [
      (folder.appending(path: "results.md"), MarkdownReport.full(measurements, on: machine)),
      (folder.appending(path: "results.json"), try Report.json(measurements) + "\n"),
      (folder.appending(path: "ratios.svg"), RatioPlot(measurements).svg),
    ]
    if let readme {
      let summary = MarkdownReport.summary(
        measurements, on: machine, plot: "\(path)/ratios.svg")
      texts.append(
        (
          readme,
          try MarkdownReport.replacing(
            summaryIn: String(contentsOf: readme, encoding: .utf8), by: summary)
        ))
    }
    self.texts = texts
  }

  /// Each file is there as it was or as it shall be, never in between.
  func write() throws {
    for (file, text) in texts { try Data(text.utf8).write(to: file, options: .atomic) }
  }
}
