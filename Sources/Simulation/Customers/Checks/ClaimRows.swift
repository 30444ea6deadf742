internal import Database

/// Claims and codes as their tables have them.
struct ClaimRows {
  private var claims: [String: (order: String, status: String)] = [:]
  private var codes: Set<String> = []

  init(in connection: any SQLConnection) throws {
    for row in try connection.query("SELECT claim_id, order_id, status FROM claims") {
      claims[try row.text("claim_id")] = (try row.text("order_id"), try row.text("status"))
    }
    for row in try connection.query("SELECT claim_id FROM claim_codes") {
      codes.insert(try row.text("claim_id"))
    }
  }

  /// Once everything was heard.
  func check(_ told: ToldChecker, _ findings: inout ShopFindings) {
    let ofOrders = Dictionary(grouping: claims, by: \.value.order)
    for (order, claims) in ofOrders {
      findings.require(claims.count == 1, .claims, "\(order) has \(claims.count) claims")
    }
    for (id, claim) in claims {
      findings.require(
        told.claims[id]?.status == claim.status, .truth,
        "\(id) is \(claim.status), and was told to be \(told.claims[id]?.status ?? "nothing")")
      let isGoing = claim.status == "open" || claim.status == "suspended"
      findings.require(
        codes.contains(id) == isGoing, .claims, "\(id) is \(claim.status), its code is kept or not")
      let order = told.orders[claim.order]
      let expected: Set<String> =
        switch order?.status {
        case "ready": ["open"]
        case "held": ["suspended"]
        case "completed": order?.claim == nil ? ["canceled"] : ["processed"]
        case "canceled": order?.claim == nil ? ["canceled"] : ["processed"]
        default: []
        }
      findings.require(
        expected.contains(claim.status), .claims,
        "\(id) is \(claim.status), its order \(order?.status ?? "unknown")")
      findings.require(
        claim.status != "processed" || order?.claim == id, .claims,
        "\(claim.order) doesn't know that \(id) was processed")
    }
    for (id, order) in told.orders where order.status == "ready" {
      findings.require(ofOrders[id] != nil, .claims, "\(id) is ready, and has no claim")
    }
  }
}
