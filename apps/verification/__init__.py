"""Who a person or an organisation is: requests, documents, reviews. Credits for it are decided in `promotions`."""
