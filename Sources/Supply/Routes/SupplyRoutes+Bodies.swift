internal import ChainTypes
internal import HTTPServer
internal import JSON

// What the routes of supplies take.
extension SupplyRoutes {
  /// Names of locations, products and people, as UTF-8.
  static let wordBytes = 1...128
  static let noteBytes = 1...500
  private static let unitBytes = 1...32
  private static let quantities = 0...SupplyItem.maximumQuantity

  static func newSupply(_ fields: inout JSONFields) throws -> SupplyService.NewSupply {
    let location = try fields.string("location", length: wordBytes)
    let product = try fields.string("product", length: wordBytes)
    let unit = try fields.string("unit", length: unitBytes)
    let onHand = try fields.optionalInteger("on_hand", in: quantities) ?? 0
    let details = try changedDetails(&fields)(SupplyDetails())
    return SupplyService.NewSupply(
      location: location, product: product, unit: unit, details: details, onHand: onHand)
  }

  /// What the named members change; the others stay as they are.
  static func changedDetails(
    _ fields: inout JSONFields
  ) throws -> @Sendable (SupplyDetails) -> SupplyDetails {
    let name = try fields.optionalString("name", length: wordBytes)
    let owner = try fields.optionalString("owner", length: wordBytes)
    let currency = try fields.optionalString("currency", length: 1...20)
    let amount = try fields.optionalString("amount", length: 1...120)
    let lowAt = try fields.optionalInteger("low_at", in: quantities)
    if let amount {
      // As fine as the finest coin: its currency may be any.
      do {
        _ = try Amount(units: amount, asset: .eth)
      } catch {
        throw Problem.invalidField(
          "amount", "It must be a decimal text with at most 18 decimals, such as \"0.45\".")
      }
    }
    return { details in
      SupplyDetails(
        name: name ?? details.name, owner: owner ?? details.owner,
        amount: amount ?? details.amount, currency: currency ?? details.currency,
        lowAt: lowAt ?? details.lowAt)
    }
  }

  static func adjustment(_ fields: inout JSONFields, by: String) throws -> SupplyFact {
    let limit = SupplyItem.maximumQuantity
    let change = try fields.optionalInteger("change", in: -limit...limit)
    let counted = try fields.optionalInteger("counted", in: quantities)
    let note = try fields.optionalString("note", length: noteBytes)
    let word = try fields.optionalString("reason", length: 1...20)
    switch (change, counted) {
    case (let change?, nil):
      guard change != 0 else { throw Problem.invalidField("change", "It must not be 0.") }
      let known = AdjustmentReason.allCases.map(\.rawValue).joined(separator: ", ")
      guard let reason = word.flatMap(AdjustmentReason.init(rawValue:)) else {
        throw Problem.invalidField("reason", "It must be one of \(known).")
      }
      return .adjusted(change: change, reason: reason, by: by, note: note)
    case (nil, let counted?):
      guard word == nil else {
        throw Problem.invalidField("reason", "Only a change has one.")
      }
      return .counted(onHand: counted, by: by, note: note)
    default:
      throw Problem.invalidField("change", "Either change or counted is required.")
    }
  }
}

extension Problem {
  /// The problem that tells why a supply wasn't made or changed.
  init(_ refusal: SupplyRefusal) {
    switch refusal {
    case .notFound(let id), .deleted(let id):
      self = .notFound("There is no supply \(id.prefix(60)).")
    case .exists(let id):
      self = .conflict(
        "supply-exists", "The location keeps the product already.", "It is \(id).")
      extensions = [.init("supply_id", .string(id))]
    case .reserved(_, let quantity):
      self = .conflict(
        "supply-reserved", "Orders hold some of the supply.", "They hold \(quantity).")
    case .insufficient(_, let available):
      self = .conflict(
        "supply-insufficient", "Less is available.", "There are \(available).")
    case .quantityOutOfRange(let quantity):
      self = .invalidField(
        "change", "\(quantity) leads out of the range from 0 to \(SupplyItem.maximumQuantity).")
    // Facts that no client writes itself.
    case .notFounded, .foundedAlready: self = .internal
    }
  }
}
