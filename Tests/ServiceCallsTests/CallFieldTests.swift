import GRPCCore
import Orders
import ServiceCalls
import Supply
import SwiftProtobuf
import Testing

@Suite("Messages that can't be")
struct CallFieldTests {
  typealias Reserve = Paywatch_Supply_V1_ReserveRequest
  typealias Request = Paywatch_Payments_V1_RequestPaymentRequest

  struct Case<Message: Sendable>: Sendable, CustomTestStringConvertible {
    let field: String
    let spoil: @Sendable (inout Message) -> Void

    init(_ field: String, _ spoil: @escaping @Sendable (inout Message) -> Void) {
      self.field = field
      self.spoil = spoil
    }

    var testDescription: String { field }
  }

  static let reserve = Reserve.with {
    $0.tenant = "roastery"
    $0.order = "ord_1"
    $0.location = "old town"
    $0.revision = 1
    $0.lines = [
      .with {
        $0.product = "beans"
        $0.quantity = 18
      }
    ]
  }

  static let request = Request.with {
    $0.tenant = "roastery"
    $0.order = "ord_1"
    $0.choice.chain = "bitcoin"
    $0.choice.asset.symbol = "BTC"
    $0.choice.asset.decimals = 8
    $0.choice.amountMinor = "10000"
    $0.choice.quote.currency.symbol = "USD"
    $0.choice.quote.currency.decimals = 2
    $0.choice.quote.priceMinor = "450"
    $0.choice.quote.rate = "65000.5"
    $0.choice.quote.lifetimeSeconds = 60
  }

  @Test(
    "a wrong field of a request for stock is named, and nothing done",
    arguments: [
      Case<Reserve>("tenant") { $0.tenant = "" },
      Case("tenant") { $0.tenant = String(repeating: "x", count: 65) },
      Case("tenant") { $0.tenant = "a\0" },
      Case("order") { $0.order = String(repeating: "x", count: 65) },
      Case("location") { $0.location = String(repeating: "x", count: 129) },
      Case("revision") { $0.revision = 0 },
      Case("revision") { $0.revision = .min },
      Case("lines[0].product") { $0.lines[0].product = "" },
      Case("lines[0].quantity") { $0.lines[0].quantity = 0 },
      Case("lines[0].quantity") { $0.lines[0].quantity = SupplyItem.maximumQuantity + 1 },
      Case("lines[0].unit") { $0.lines[0].unit = "" },
      Case("lines[0].unit") { $0.lines[0].unit = String(repeating: "x", count: 33) },
      Case("lines[1].product") { $0.lines.append($0.lines[0]) },
      Case("lines") { message in
        message.lines = (0...4_096).map { number in
          .with {
            $0.product = "\(number)"
            $0.quantity = 1
          }
        }
      },
      Case("until_microseconds") { $0.untilMicroseconds = -1 },
      Case("until_microseconds") { $0.untilMicroseconds = .max },
    ])
  func stock(wrong: Case<Reserve>) async throws {
    let stock = ScriptedStock()
    try await CallScene.run(stock: stock) { scene in
      try await scene.client { client, metadata in
        let service = Paywatch_Supply_V1_StockReservations.Client(wrapping: client)
        let error = await #expect(throws: RPCError.self) {
          var message = Self.reserve
          wrong.spoil(&message)
          _ = try await service.reserve(message, metadata: metadata)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("\(wrong.field): ") == true)
        #expect(stock.asked == [])
        _ = try await service.reserve(Self.reserve, metadata: metadata)
        #expect(stock.asked.count == 1)
      }
      #expect(scene.failures.all == [])
    }
  }

  @Test(
    "a wrong field of a request for a payment is named, and nothing done",
    arguments: [
      Case<Request>("choice") { $0.clearChoice() },
      Case("choice.chain") { $0.choice.chain = "Bitcoin" },
      Case("choice.chain") { $0.choice.chain = String(repeating: "x", count: 41) },
      Case("choice.asset") { $0.choice.clearAsset() },
      Case("choice.asset.symbol") { $0.choice.asset.symbol = "" },
      Case("choice.asset.decimals") { $0.choice.asset.decimals = 256 },
      Case("choice.asset.contract") { $0.choice.asset.contract = "0x12" },
      Case("choice.asset.contract") {
        $0.choice.asset.contract = String(repeating: "1", count: 42)
      },
      Case("choice.amount_minor") { $0.choice.amountMinor = "" },
      Case("choice.amount_minor") { $0.choice.amountMinor = "-1" },
      Case("choice.amount_minor") { $0.choice.amountMinor = "1.5" },
      Case("choice.amount_minor") {
        $0.choice.amountMinor = String(repeating: "9", count: 78)
      },
      Case("choice.amount_minor") {
        $0.choice.amountMinor = String(repeating: "1", count: 100_000)
      },
      Case("choice.expires_in_seconds") { $0.choice.expiresInSeconds = 0 },
      Case("choice.expires_in_seconds") { $0.choice.expiresInSeconds = .max },
      Case("choice.quote.currency") { $0.choice.quote.clearCurrency() },
      Case("choice.quote.currency.symbol") { $0.choice.quote.currency.symbol = "" },
      Case("choice.quote.id") { $0.choice.quote.id = "" },
      Case("choice.quote.price_minor") { $0.choice.quote.priceMinor = "4.50" },
      Case("choice.quote.rate") { $0.choice.quote.rate = "1e3" },
      Case("choice.quote.rate") { $0.choice.quote.rate = "-1" },
      Case("choice.quote.rate") { $0.choice.quote.rate = String(repeating: "9", count: 39) },
      Case("choice.quote.sources") { $0.choice.quote.sources = -1 },
      Case("choice.quote.as_of_microseconds") { $0.choice.quote.asOfMicroseconds = .max },
      Case("choice.quote.valid_until_microseconds") {
        $0.choice.quote.validUntilMicroseconds = -1
      },
      Case("choice.quote.lifetime_seconds") { $0.choice.quote.lifetimeSeconds = 0 },
      Case("choice.refund_address") {
        $0.choice.refundAddress = String(repeating: "x", count: 129)
      },
    ])
  func payments(wrong: Case<Request>) async throws {
    let payments = ScriptedPayments { _ in
      Issue.record("asked")
      return .refused(reason: "")
    }
    try await CallScene.run(payments: payments) { scene in
      try await scene.client { client, metadata in
        let service = Paywatch_Payments_V1_OrderPayments.Client(wrapping: client)
        let error = await #expect(throws: RPCError.self) {
          var message = Self.request
          wrong.spoil(&message)
          _ = try await service.requestPayment(message, metadata: metadata)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("\(wrong.field): ") == true)
      }
      #expect(scene.failures.all == [])
    }
  }

  @Test("a message beyond the limit is refused, and the server goes on")
  func oversized() async throws {
    let stock = ScriptedStock()
    try await CallScene.run(stock: stock) { scene in
      try await scene.client { client, metadata in
        let service = Paywatch_Supply_V1_StockReservations.Client(wrapping: client)
        var message = Self.reserve
        message.location = String(repeating: "x", count: 1 << 20)
        let large = message
        let error = await #expect(throws: RPCError.self) {
          _ = try await service.reserve(large, metadata: metadata)
        }
        #expect(error != nil)
        #expect(stock.asked == [])
        _ = try await service.reserve(Self.reserve, metadata: metadata)
        #expect(stock.asked.count == 1)
      }
    }
  }

  @Test("bytes that are no message are refused")
  func garbage() async throws {
    struct Raw: MessageSerializer, MessageDeserializer {
      func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
        Bytes(message)
      }

      func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        bytes.withUnsafeBytes { Array($0) }
      }
    }
    let stock = ScriptedStock()
    try await CallScene.run(stock: stock) { scene in
      try await scene.client { client, metadata in
        for bytes in [[0xff, 0xff, 0xff], [0x0a, 0x05, 0x41], [0x0a, 0x01, 0xc3]] as [[UInt8]] {
          await #expect(throws: RPCError.self) {
            try await client.unary(
              request: ClientRequest(message: bytes, metadata: metadata),
              descriptor: Paywatch_Supply_V1_StockReservations.Method.Reserve.descriptor,
              serializer: Raw(), deserializer: Raw(), options: .defaults
            ) { _ = try $0.message }
          }
        }
      }
      #expect(stock.asked == [])
    }
  }
}
