import QRCode
import Testing

@Suite("QR codes")
struct QRCodeTests {
  private static let uri = "bitcoin:bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu?amount=0.01000000"

  @Test("a payment URI makes a symbol with the three finder patterns of the standard")
  func finders() throws {
    let code = try QRCode(Self.uri)
    #expect((code.width - 17) % 4 == 0 && (21...177).contains(code.width))
    let finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    for (top, left) in [(0, 0), (0, code.width - 7), (code.width - 7, 0)] {
      for (row, pattern) in finder.enumerated() {
        for (column, module) in pattern.enumerated() {
          #expect(code.isDark(row: top + row, column: left + column) == (module == "1"))
        }
      }
    }
  }

  @Test("the smallest version that holds the bytes at level M is taken")
  func versions() throws {
    // ISO/IEC 18004, table 7: bytes in versions 1, 2, 5 and 40 at level M.
    for (bytes, width) in [(1, 21), (14, 21), (15, 25), (26, 25), (84, 37), (2_331, 177)] {
      #expect(try QRCode(String(repeating: "a", count: bytes)).width == width)
    }
  }

  @Test("nothing, and more than a symbol holds, are refused")
  func refusals() {
    #expect(throws: QRCode.Failure.empty) { try QRCode("") }
    #expect(throws: QRCode.Failure.tooLong(bytes: 2_332)) {
      try QRCode(String(repeating: "a", count: 2_332))
    }
    #expect(throws: QRCode.Failure.zeroByte) { try QRCode("a\0b") }
  }

  @Test("capitals take up less room")
  func capitals() throws {
    let capitals = Self.uri.prefix { $0 != "?" }.uppercased() + "?amount=0.01000000"
    #expect(try QRCode(capitals).width < QRCode(Self.uri).width)
  }

  @Test("the image's runs cover exactly the dark modules, within a quiet zone of four")
  func svg() throws {
    let code = try QRCode(Self.uri)
    var dark: Set<[Int]> = []
    let path = try #require(code.svg.split(separator: "<path d=\"").last?.prefix { $0 != "\"" })
    for run in path.split(separator: "M") {
      let numbers = run.split { !$0.isNumber }.compactMap { Int($0) }
      let (column, row, length) = (numbers[0], numbers[1], numbers[2])
      #expect(run == "\(column) \(row)h\(length)v1h-\(length)z")
      for place in column..<column + length { dark.insert([row - 4, place - 4]) }
    }
    for row in 0..<code.width {
      for column in 0..<code.width {
        #expect(dark.contains([row, column]) == code.isDark(row: row, column: column))
      }
    }
    #expect(code.svg.contains("viewBox=\"0 0 \(code.width + 8) \(code.width + 8)\""))
  }
}
