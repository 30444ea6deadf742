extension Templates {
  static let spanish = Templates(
    confirmed: { order in
      Wording(
        "\(order.shop): su pedido está confirmado",
        push: "Su pedido está pagado y confirmado.",
        """
        Gracias. Su pago ha llegado y su pedido está confirmado.
        Le avisaremos cuando esté listo.
        """)
    },
    preparing: { order in
      Wording(
        "\(order.shop): estamos preparando su pedido",
        push: "Estamos preparando su pedido.",
        "Hemos empezado a preparar su pedido.")
    },
    ready: { order in
      Wording(
        "\(order.shop): su pedido está listo",
        push: "Su pedido está listo.",
        """
        Su pedido está listo. Si abajo figura un código, muéstrelo al recogerlo y a nadie antes:
        quien lo tenga puede recoger el pedido en su lugar.
        """)
    },
    completed: { order in
      Wording(
        "\(order.shop): su pedido fue entregado",
        push: "Su pedido fue entregado.",
        """
        Su pedido fue entregado. ¡Que lo disfrute!
        Si no lo ha recibido, díganoslo enseguida.
        """)
    },
    canceled: { order, cause in
      let reason =
        switch cause {
        case .requested: "Su pedido fue cancelado."
        case .expired: "Su pedido fue cancelado porque no se pagó a tiempo."
        case .outOfStock:
          "Lo sentimos: tuvimos que cancelar su pedido, porque no queda todo en existencias."
        case .paymentRefused: "Su pedido fue cancelado porque no se podía pagar de ese modo."
        case .paymentCanceled: "Su pedido fue cancelado junto con su pago."
        case .paymentResolved: "Su pedido fue cancelado porque su pago se cerró de otro modo."
        }
      return Wording(
        "\(order.shop): su pedido fue cancelado",
        push: "Su pedido fue cancelado.",
        """
        \(reason)
        Por favor, no lo pague ya. Si ya ha pagado, nos ocuparemos de su dinero.
        """)
    },
    held: { order, hold in
      let reason =
        switch hold {
        case .paymentReversed:
          """
          Su pedido tiene que esperar: la red ha deshecho el pago que había llegado.
          A menudo vuelve a llegar por sí solo, y entonces seguimos.
          """
        case .stockMissing:
          """
          Su pedido tiene que esperar: algo de él falta en nuestras existencias.
          Nos ocupamos de ello y le diremos más.
          """
        case .refunding:
          """
          Su pedido tiene que esperar: lo que se pagó por él se le devuelve, o ya se le ha devuelto.
          Si aún lo desea, hable con nosotros, por favor.
          """
        }
      return Wording(
        "\(order.shop): su pedido tiene que esperar", push: "Su pedido tiene que esperar.", reason)
    },
    paymentRequested: { payment in
      Wording(
        "\(payment.shop): por favor, pague \(payment.amount)",
        push: "Por favor, pague \(payment.amount). Plazo: \(payment.until).",
        """
        Por favor, pague \(payment.amount) a la dirección de abajo. Plazo: \(payment.until).
        Hágalo por la red indicada abajo y por ninguna otra.
        """)
    },
    partiallyPaid: { payment in
      Wording(
        "\(payment.shop): aún faltan \(payment.missing)",
        push: "Aún faltan \(payment.missing) para su pedido.",
        """
        Hemos recibido \(payment.received) por su pedido; aún faltan \(payment.missing).
        Por favor, envíe el resto a la misma dirección. Plazo: \(payment.until).
        """)
    },
    late: { payment in
      Wording(
        "\(payment.shop): su pago llegó tarde",
        push: "Su pago llegó fuera de plazo.",
        """
        Un pago por su pedido llegó fuera de plazo (\(payment.until)).
        La tienda verá si aún cuenta; su dinero no está perdido.
        """)
    },
    overpaid: { payment in
      Wording(
        "\(payment.shop): ha pagado \(payment.excess) de más",
        push: "Ha pagado \(payment.excess) de más.",
        """
        Por su pedido han llegado \(payment.received), es decir, \(payment.excess) de más.
        La tienda puede devolverle la diferencia.
        """)
    },
    expired: { payment in
      Wording(
        "\(payment.shop): el plazo de pago ha terminado",
        push: "El plazo de pago de su pedido ha terminado.",
        payment.isUnpaid
          ? """
          Por su pedido no llegó nada dentro del plazo (\(payment.until)), y fue cancelado.
          Por favor, no envíe ya nada a su dirección.
          """
          : """
          De \(payment.amount) solo llegaron \(payment.received) dentro del plazo \
          (\(payment.until)).
          Por favor, no envíe nada más; la tienda se ocupa de lo que llegó.
          """)
    },
    refundSent: { refund in
      Wording(
        "\(refund.shop): su reembolso está en camino",
        push: "Su reembolso de \(refund.amount) está en camino.",
        """
        Le hemos devuelto \(refund.amount). El importe está en camino a la dirección de abajo;
        hasta que la red lo confirme definitivamente puede pasar algún tiempo.
        """)
    },
    refundFinal: { refund in
      Wording(
        "\(refund.shop): su reembolso ha llegado",
        push: "Su reembolso de \(refund.amount) ha llegado.",
        "Su reembolso de \(refund.amount) ha llegado definitivamente a la dirección de abajo.")
    },
    labels: Labels(
      order: "Pedido", location: "Lugar", total: "Total", amount: "Importe", network: "Red",
      address: "Dirección", until: "Plazo", transaction: "Transacción", code: "Su código",
      note: "Nota",
      more: { "y \($0) más" },
      unsubscribe: { "Para no recibir más estos mensajes: \($0)" }, colon: ": "))
}
