import Bytes
import GatewayFixtures
import HTTPServer
import LoopbackHTTP
import Testing

@Suite("input that nobody sends by mistake")
struct HostileInputTests {
  @Test("paths and queries of any bytes get an answer that isn't a failure")
  func targets() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let before = try await gateway.written()
      let odd = [
        "%", "%f", "%ff", "%00", "%zz", "%e2%80%a8", "%2f", "%2e%2e", "..", "a%20b", "+", "&",
        "=", "&&=&", ";", "\u{e9}", String(repeating: "x", count: 4_000),
      ]
      for text in odd {
        let targets = [
          "/v1/payments/\(text)", "/v1/payments/\(text)/events", "/v1/payments?\(text)",
          "/v1/payments?after=\(text)", "/v1/payments?status=\(text)",
          "/v1/payments?order_id=\(text)", "/v1/payments?\(text)=1", "/v1/events?\(text)",
          "/v1/events?subject=\(text)", "/v1/events?type=\(text)", "/v1/\(text)",
          "/v1/payments/\(id)/events?after=\(text)",
        ]
        for target in targets {
          let answer = try await gateway.get(target)
          #expect([200, 400, 404, 422].contains(answer.status), "\(target): \(answer.body)")
          // Below the server's routes only what isn't HTTP is refused, without a body.
          #expect(
            answer.headers["content-length"] != "0" || answer.headers["connection"] == "close",
            "\(target) \(answer)")
        }
      }
      #expect(try await gateway.written() == before)
    }
  }

  @Test(
    "what isn't HTTP ends its own connection only",
    arguments: [
      "\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
      "GET / HTTP/1.1\r\nHost\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
      "POST /v1/payments HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "POST /v1/payments HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST /v1/payments HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST /v1/payments HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET /v1/payments HTTP/1.1\r\nX: " + String(repeating: "x", count: 20_000) + "\r\n\r\n",
      "GET /v1/payments HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 200) + "\r\n",
      "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n",
    ])
  func garbage(text: String) async throws {
    try await TestGateway.run { gateway in
      let connection = try TestConnection(port: gateway.port)
      try await connection.write(text + "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n")
      if let answer = try? await connection.answer() {
        #expect((400..<500).contains(answer.status), "\(answer)")
      }
      #expect(try await gateway.get("/v1/payments").status == 200)
    }
  }

  @Test("no change of a good body makes the server fail, and only a 201 writes", arguments: [1, 2])
  func mutations(seed: UInt64) async throws {
    try await TestGateway.run(.init(ready: 4)) { gateway in
      var random = SplitMix64(seed: seed)
      let connection = try TestConnection(port: gateway.port)
      let good = Array(
        TestGateway.order(
          "order-1", more: #","tolerance":"0.0001","expires_in":600,"metadata":{"a":[1,"é"]}"#
        ).utf8)
      var made: Int64 = 0
      for number in 0..<400 {
        let body = String(decoding: mutated(good, using: &random), as: UTF8.self)
        let headers = gateway.authorization().merging(["Idempotency-Key": "\(number)"]) { a, _ in a
        }
        let answer = try await connection.send(
          "POST", "/v1/payments", headers: headers, body: body)
        #expect(
          [201, 400, 409, 422, 503].contains(answer.status), "seed \(seed): \(body)")
        if answer.status == 201 { made += 1 }
      }
      #expect(try await gateway.written() == [made, 0, made, made, made])
    }
  }

  /// The bytes with one to three of them changed, left out, doubled or swapped for JSON's own.
  private func mutated(
    _ bytes: [UInt8], using random: inout SplitMix64
  ) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = .random(in: 0...127, using: &random)
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(bytes[place], at: place)
      case 3: bytes[place] = Array("{}[]\",:\\0e.-".utf8).randomElement(using: &random) ?? 0
      default: bytes.removeLast(Int.random(in: 0..<8, using: &random))
      }
    }
    return bytes
  }
}
