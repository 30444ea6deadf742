extension Templates {
  static let english = Templates(
    confirmed: { order in
      Wording(
        "\(order.shop): your order is confirmed",
        push: "Your order is paid and confirmed.",
        """
        Thank you. Your payment has arrived, and your order is confirmed.
        We will tell you when it is ready.
        """)
    },
    preparing: { order in
      Wording(
        "\(order.shop): your order is being prepared",
        push: "Your order is being prepared.",
        "We have begun to prepare your order.")
    },
    ready: { order in
      Wording(
        "\(order.shop): your order is ready",
        push: "Your order is ready.",
        """
        Your order is ready. Where a code stands below, show it when you collect the order, and
        to nobody before: whoever has it can collect the order in your place.
        """)
    },
    completed: { order in
      Wording(
        "\(order.shop): your order was handed over",
        push: "Your order was handed over.",
        """
        Your order was handed over. Enjoy it!
        If you did not receive it, please tell us at once.
        """)
    },
    canceled: { order, cause in
      let reason =
        switch cause {
        case .requested: "Your order was canceled."
        case .expired: "Your order was canceled, because it was not paid in time."
        case .outOfStock:
          "We are sorry: we had to cancel your order, because not everything in it is in stock."
        case .paymentRefused:
          "Your order was canceled, because it could not be paid in the chosen way."
        case .paymentCanceled: "Your order was canceled together with its payment."
        case .paymentResolved:
          "Your order was canceled, because its payment was closed in another way."
        }
      return Wording(
        "\(order.shop): your order was canceled",
        push: "Your order was canceled.",
        """
        \(reason)
        Please do not pay for it any more. If you have paid already, we will see to your money.
        """)
    },
    held: { order, hold in
      let reason =
        switch hold {
        case .paymentReversed:
          """
          Your order has to wait: the network has taken back the payment that had arrived for it.
          It often arrives again by itself, and then we go on.
          """
        case .stockMissing:
          """
          Your order has to wait: something in it is missing from our stock.
          We will see to it and tell you more.
          """
        case .refunding:
          """
          Your order has to wait: what was paid for it is on its way back to you, or is back.
          If you would still like your order, please talk to us.
          """
        }
      return Wording(
        "\(order.shop): your order has to wait", push: "Your order has to wait.", reason)
    },
    paymentRequested: { payment in
      Wording(
        "\(payment.shop): please pay \(payment.amount)",
        push: "Please pay \(payment.amount) by \(payment.until).",
        """
        Please pay \(payment.amount) to the address below by \(payment.until).
        Send it over the network named below and no other.
        """)
    },
    partiallyPaid: { payment in
      Wording(
        "\(payment.shop): \(payment.missing) still missing",
        push: "\(payment.missing) is still missing for your order.",
        """
        We have received \(payment.received) for your order; \(payment.missing) is still missing.
        Please send the rest to the same address by \(payment.until).
        """)
    },
    late: { payment in
      Wording(
        "\(payment.shop): your payment came late",
        push: "Your payment came after its deadline.",
        """
        A payment for your order came after its deadline, \(payment.until).
        The shop will see whether it still counts, and your money is not lost.
        """)
    },
    overpaid: { payment in
      Wording(
        "\(payment.shop): you have paid \(payment.excess) too much",
        push: "You have paid \(payment.excess) too much.",
        """
        For your order \(payment.received) has come, which is \(payment.excess) too much.
        The shop can send the difference back to you.
        """)
    },
    expired: { payment in
      Wording(
        "\(payment.shop): the time to pay is over",
        push: "The time to pay for your order is over.",
        payment.isUnpaid
          ? """
          Nothing came for your order by \(payment.until), so it was canceled.
          Please do not send anything to its address any more.
          """
          : """
          Of \(payment.amount) only \(payment.received) came for your order by \(payment.until).
          Please send nothing more; the shop will see to what has come.
          """)
    },
    refundSent: { refund in
      Wording(
        "\(refund.shop): your refund is on its way",
        push: "Your refund of \(refund.amount) is on its way.",
        """
        We have sent \(refund.amount) back to you. It is on its way to the address below; until the
        network has confirmed it for good, some time may pass.
        """)
    },
    refundFinal: { refund in
      Wording(
        "\(refund.shop): your refund has arrived",
        push: "Your refund of \(refund.amount) has arrived.",
        "Your refund of \(refund.amount) has arrived at the address below, for good.")
    },
    labels: Labels(
      order: "Order", location: "Where", total: "Total", amount: "Amount", network: "Network",
      address: "Address", until: "Until", transaction: "Transaction", code: "Your code",
      note: "Note",
      more: { $0 == 1 ? "and one more" : "and \($0) more" },
      unsubscribe: { "No more of these messages: \($0)" }, colon: ": "))
}
