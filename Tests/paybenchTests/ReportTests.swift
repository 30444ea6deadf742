import Foundation
import FoundationXML
import Testing

@testable import paybench

@Suite("what is told of measurements")
struct ReportTests {
  private static let machine = Machine(processor: "Model 7", cores: 2, memoryGiB: 24)

  /// One that reaches its goal, one cost that doesn't, one beside nothing.
  private static func measurements() async throws -> [paybench.Measurement] {
    let reading = Contest(
      name: "reading <a> & b", unit: "MB/s", how: "One pass.", ours: { 50 },
      references: [.init(name: "limit | one", goal: .ratioAtLeast(0.4)) { 100 }])
    let waiting = Contest(
      name: "waiting", unit: "ms", ours: { 40 },
      references: [
        .init(name: "nothing", goal: .atMost(30, "ms")) { 10 }, .init(name: "peer", run: nil),
      ])
    return try await reading.measure(rounds: 2) + waiting.measure(rounds: 2)
  }

  @Test("JSON has eight members for each row, null where there is nothing")
  func json() async throws {
    let text = try Report.json(try await Self.measurements())
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    #expect(rows.count == 3)
    for row in rows {
      #expect(
        Set(row.keys) == [
          "name", "value", "unit", "reference", "reference_value", "ratio", "goal", "reached",
        ])
    }
    #expect(rows[0]["ratio"] as? Double == 0.5)
    #expect(rows[0]["goal"] as? String == "≥ 0.4 ×")
    #expect(rows[1]["reached"] as? Bool == false)
    #expect(rows[2]["ratio"] is NSNull && rows[2]["reference_value"] is NSNull)
    #expect(rows[2]["reached"] is NSNull && rows[2]["goal"] is NSNull)
  }

  @Test("a table has a line for each row, as wide as the others")
  func table() async throws {
    let lines = Report.table(try await Self.measurements()).split(separator: "\n")
    #expect(lines.count == 4)
    #expect(Set(lines.map(\.count)).count == 1)
    #expect(lines[1].contains("0.500 ×") && lines[1].hasSuffix("reached    "))
    #expect(lines[2].hasSuffix("not reached"))
    #expect(lines[3].contains("absent"))
  }

  @Test("Markdown has every row in as many columns, how each was measured, and the machine")
  func markdown() async throws {
    let text = MarkdownReport.full(try await Self.measurements(), on: Self.machine)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("|") }
    #expect(rows.count == 5)
    let columns = rows.map { $0.replacing("\\|", with: "").count { $0 == "|" } }
    #expect(Set(columns) == [10])
    #expect(text.contains("2 cores of Model 7, 24 GiB"))
    #expect(text.contains("- **reading <a> & b**: One pass.\n"))
    #expect(!text.contains("- **waiting**"))
  }

  @Test("a summary has what has a goal, and takes the place of the one before")
  func summary() async throws {
    let summary = MarkdownReport.summary(
      try await Self.measurements(), on: Self.machine, plot: "bench/ratios.svg")
    #expect(summary.split(separator: "\n").count { $0.hasPrefix("|") } == 4)
    #expect(summary.contains("(bench/ratios.svg)"))
    let (begin, end) = MarkdownReport.marks
    let text = try MarkdownReport.replacing(
      summaryIn: "a\n\(begin)old\n\(end)b\n", by: summary)
    #expect(text == "a\n\(begin)\n\(summary)\n\(end)b\n")
    #expect(try MarkdownReport.replacing(summaryIn: text, by: summary) == text)
    for text in ["a\n", "a\n\(begin)", "\(end)\(begin)"] {
      #expect(throws: BenchmarkFailure.self) {
        try MarkdownReport.replacing(summaryIn: text, by: summary)
      }
    }
  }

  @Test("the plot is XML with a title, a description and a bar for each ratio")
  func plot() async throws {
    let drawn = try Drawing(RatioPlot(try await Self.measurements()).svg)
    #expect(drawn.texts["title"]?.count == 1)
    // The cost that takes four times as long is a quarter as fast.
    #expect(
      drawn.texts["desc"]?.first?.contains("waiting: 0.250 times nothing") == true)
    #expect(drawn.texts["text"]?.contains("reading <a> & b") == true)
    // The page, three in the legend, and two bars.
    #expect(drawn.rectangles.count == 6)
    for rectangle in drawn.rectangles.dropFirst() {
      let (x, width) = (Double(rectangle["x"] ?? ""), Double(rectangle["width"] ?? ""))
      #expect(try #require(x) >= 0 && #require(width) > 0)
      #expect(try #require(x) + #require(width) <= 1_000)
    }
    let kinds = drawn.rectangles.compactMap { $0["class"] }
    #expect(kinds.count { $0 == "reached" } == 2 && kinds.count { $0 == "missed" } == 2)
  }

  @Test("nothing to draw is a plot all the same")
  func emptyPlot() throws {
    #expect(try Drawing(RatioPlot([]).svg).rectangles.count == 4)
  }

  @Test("the processor is the first one that the system names")
  func processor() {
    #expect(
      Machine.processor(in: "processor\t: 0\nmodel name\t: Model 7: a\nmodel name\t: B\n")
        == "Model 7: a")
    #expect(Machine.processor(in: "processor\t: 0\n").isEmpty)
    let detailed = """
      processor\t: 0
      cpu family\t: 25
      model\t\t: 1
      model name\t: B
      flags\t\t: fpu avx avx2 vaes
      """
    #expect(Machine.processor(in: detailed) == "B (family 25, model 1, AVX2)")
  }

  /// What a drawing has, read by a parser of XML that refuses what isn't.
  private final class Drawing: NSObject, XMLParserDelegate {
    private(set) var texts: [String: [String]] = [:]
    private(set) var rectangles: [[String: String]] = []
    private var text = ""

    struct Refused: Error {
      let line: Int
    }

    init(_ svg: String) throws {
      super.init()
      let parser = XMLParser(data: Data(svg.utf8))
      parser.delegate = self
      guard parser.parse() else { throw Refused(line: parser.lineNumber) }
    }

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      text = ""
      if name == "rect" { rectangles.append(attributes) }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
      qualifiedName: String?
    ) {
      texts[name, default: []].append(text)
    }
  }
}
