internal import Claiming
package import EventLog
internal import Notifications
internal import Orders
internal import Prices
internal import Settlement
internal import Supply

/// The schemas of everything that is told, as `deploy/events` has them.
package enum EventFiles {
  package static let families: [EventFamily] =
    EventSchemas.families + [
      OrderSchemas.events, SupplySchemas.events, ClaimSchemas.events, NotificationSchemas.events,
      WebhookSchemas.events, PriceSchemas.events,
    ]

  package static var all: [(name: String, text: String)] { EventFamily.files(of: families) }
}
