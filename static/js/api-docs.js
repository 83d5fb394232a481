// Opens Swagger UI on our own schema. A file of its own, because the pages' policy allows no inline script.
"use strict";

(() => {
  const place = document.getElementById("api-docs");
  const csrf = () => (document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) || [])[1];

  window.SwaggerUIBundle({
    domNode: place,
    url: place.dataset.schema,
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      const token = csrf();
      const ours = new URL(request.url, location.href).origin === location.origin;
      if (token && ours) request.headers[place.dataset.csrfHeader] = decodeURIComponent(token);
      return request;
    },
  });
})();
