import Bytes
import Foundation
import TestSupport
import Testing

@Suite("payctl scan")
struct ScanTests {
  /// What a scan prints, one after the other.
  private struct Report {
    let transfers: [TransferLine]
    let summary: Summary

    struct Summary: Decodable, Equatable {
      let blocks: Int
      let transactions: Int
      let bytes: Int
      let transfers: Int
      let value: UInt64
      let refused: Int
    }

    private struct Last: Decodable { let summary: Summary }

    init(_ outcome: Program.Outcome) throws {
      let lines = outcome.lines
      transfers = try lines.dropLast().map {
        try JSONDecoder().decode(TransferLine.self, from: Data($0.utf8))
      }
      let last = try #require(lines.last)
      summary = try JSONDecoder().decode(Last.self, from: Data(last.utf8)).summary
    }
  }

  private func scan(
    _ blocks: URL, watching list: String, network: String = "mainnet"
  ) throws -> Program.Outcome {
    let scratch = try TemporaryDirectory()
    let file = try scratch.write("watch.txt", list.utf8)
    return try Program.payctl.run(
      "scan", "--chain", "bitcoin", "--network", network, "--blocks", blocks.path, "--watch", file,
      "--format", "json")
  }

  private func vector(_ file: String) -> URL {
    PackageFiles.root.appending(path: "vectors/blocks/\(file)")
  }

  @Test(
    "every output of a block is found, and is what Bitcoin Core sees",
    arguments: ListedBlock.mainnet + [ListedBlock.testnet3])
  func everything(_ block: ListedBlock) throws {
    let outputs = try block.outputs()
    let scripts = outputs.map(\.scriptPubKey).filter { !$0.isEmpty }
    let outcome = try scan(
      vector(block.file), watching: scripts.joined(separator: "\n"), network: block.network)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try Report(outcome)
    #expect(report.transfers == outputs.filter { !$0.scriptPubKey.isEmpty }.map(\.transfer))
    #expect(report.summary.blocks == 1)
    #expect(report.summary.bytes == (try Data(contentsOf: vector(block.file)).count))
    #expect(report.summary.transactions == Set(outputs.map(\.transfer.txid)).count)
    #expect(report.summary.transfers == report.transfers.count)
    #expect(report.summary.value == report.transfers.reduce(0) { $0 + $1.value })
  }

  @Test("a directory of blocks gives the transfers to addresses and scripts that are watched")
  func directory() throws {
    let scratch = try TemporaryDirectory()
    for block in ListedBlock.mainnet {
      try scratch.write(block.file, Data(contentsOf: vector(block.file)))
    }
    let outputs = try ListedBlock.mainnet.flatMap { try $0.outputs() }
    var list = "# some addresses\r\n\n"
    var watched: Set<String> = []
    for (place, output) in outputs.enumerated() where place % 37 == 0 {
      watched.insert(output.scriptPubKey)
      let script = place % 2 == 0 ? output.scriptPubKey.uppercased() : output.scriptPubKey
      list += "  \(place % 3 == 0 ? script : output.transfer.address ?? script)\t\r\n"
    }
    let outcome = try scan(scratch.url, watching: list)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try Report(outcome)
    #expect(watched.count > 200)
    #expect(
      report.transfers == outputs.filter { watched.contains($0.scriptPubKey) }.map(\.transfer))
    #expect(report.summary.blocks == ListedBlock.mainnet.count)
    // The output is the same every time.
    #expect(try scan(scratch.url, watching: list).output == outcome.output)
  }

  @Test("what is no sound block is named with its reason, and the rest is scanned")
  func refused() throws {
    let scratch = try TemporaryDirectory()
    let block = ListedBlock.segwit
    let bytes = try Data(contentsOf: vector(block.file))
    try scratch.write("1.raw", bytes.dropLast())
    var changed = bytes
    // Inside the last transaction: its hash is another then.
    changed[bytes.count - 3] ^= 1
    try scratch.write("2.dat", changed)
    changed = bytes
    changed[70] ^= 1
    try scratch.write("3.bin", changed)
    try scratch.write("4.json", #"{"height": 7}"#.utf8)
    try scratch.write("5.hex", "00zz\n\(Hex.encode(bytes))\n".utf8)
    try scratch.write("6.txt", "".utf8)
    try scratch.write("7.md", "#".utf8)
    try scratch.write("10.blk", bytes)
    let outputs = try block.outputs()
    let outcome = try scan(
      scratch.url, watching: outputs.map(\.scriptPubKey).joined(separator: "\n"))
    #expect(outcome.status == 1)
    let report = try Report(outcome)
    #expect(report.transfers == outputs.map(\.transfer) + outputs.map(\.transfer))
    #expect(report.summary.blocks == 2)
    #expect(report.summary.refused == 7)
    let errors = outcome.errors.split(separator: "\n")
    for (place, expected) in [
      ("1.raw: ", "not a block: endOfBytes"), ("2.dat: ", "merkle root"),
      ("3.bin: ", "proof of work"), ("4.json: ", "no block"),
      ("5.hex:1: ", "no hexadecimal digit at character 3"), ("6.txt: ", "no block"),
      ("7.md: ", ".md is none of"),
    ] {
      #expect(
        errors.contains { $0.hasPrefix("payctl: \(place)") && $0.contains(expected) },
        "\(place)\(expected) in \(outcome.errors)")
    }
  }

  @Test("a block of another network is refused")
  func otherNetwork() throws {
    let outcome = try scan(vector("regtest.hex.txt"), watching: "51")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("regtest.hex.txt:1: proof of work"))
    #expect(outcome.errors.contains("regtest.hex.txt: 186 more were refused"))
    #expect(try Report(outcome).summary.blocks == 0)
  }

  @Test("blocks in hexadecimal, one a line, in JSON and as Bitcoin Core stores them")
  func forms() throws {
    let lines = try scan(vector("regtest.hex.txt"), watching: "51", network: "regtest")
    #expect(lines.status == 0, "\(lines.errors)")
    #expect(try Report(lines).summary.blocks == 206)
    for (file, network) in [("testnet4-40000.json", "testnet4"), ("signet-31500.json", "signet")] {
      let outcome = try scan(vector(file), watching: "51", network: network)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(try Report(outcome).summary.blocks == 1)
    }

    let block = try Data(contentsOf: vector(ListedBlock.segwit.file))
    let length = withUnsafeBytes(of: UInt32(block.count).littleEndian) { Array($0) }
    let frame = [0xf9, 0xbe, 0xb4, 0xd9] + length + block
    let scratch = try TemporaryDirectory()
    try scratch.write("blk00000.dat", frame + frame + [UInt8](repeating: 0, count: 100))
    let outputs = try ListedBlock.segwit.outputs()
    let list = outputs.map(\.scriptPubKey).joined(separator: "\n")
    let stored = try scan(scratch.url, watching: list)
    #expect(stored.status == 0, "\(stored.errors)")
    #expect(try Report(stored).transfers == outputs.map(\.transfer) + outputs.map(\.transfer))

    try scratch.write("blk00000.dat", frame + frame.dropLast())
    let truncated = try scan(scratch.url, watching: list)
    #expect(truncated.status == 1)
    #expect(truncated.errors.contains("blk00000.dat at byte \(frame.count): a block of"))
    #expect(try Report(truncated).summary.blocks == 1)
  }

  @Test(
    "a line that names nothing to watch is an error with its number",
    arguments: [
      ("abc", "odd"), ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "segwit"),
      ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "not of mainnet"), ("1", "odd"),
      ("1BoatSLRHtKNngkdXEeobR76b53LETtpyU", "wrongChecksum"), ("héllo", "is no address"),
      (String(repeating: "51", count: 20_000), "40000 bytes"),
    ])
  func watchErrors(_ line: String, _ reason: String) throws {
    let outcome = try scan(
      vector(ListedBlock.segwit.file),
      watching: "# first\n76a9143abf61fe3281230780ed82676f9fa971e95f7ac188ac\n\n\(line)\n51\n")
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("watch.txt:4: "), "\(outcome.errors)")
    #expect(outcome.errors.contains(reason), "\(outcome.errors)")
  }

  @Test("the network follows from the chain's name, and may not contradict it")
  func chainNames() throws {
    let scratch = try TemporaryDirectory()
    let watch = try scratch.write("watch", "51".utf8)
    let file = vector("testnet4-40000.json").path
    let named = try Program.payctl.run(
      "scan", "--chain", "bitcoin-testnet4", "--blocks", file, "--watch", watch)
    #expect(named.status == 0, "\(named.errors)")
    #expect(named.output.contains("in 1 blocks"))
    for chain in ["bitcoin-regtest", "dogecoin"] {
      let outcome = try Program.payctl.run(
        "scan", "--chain", chain, "--network", "signet", "--blocks", file, "--watch", watch)
      #expect(outcome.status == 64)
    }
    let missing = try Program.payctl.run(
      "scan", "--blocks", file, "--watch", scratch.url.path + "/nothing")
    #expect(missing.status == 1)
    #expect(missing.errors.contains("nothing can't be read"))
  }
}
