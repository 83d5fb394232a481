"""Fills a development site with people, credits, a token and models; prints what one needs to try it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.console.demo.house import build_house
from apps.console.demo.keepsake import read_keepsake, write_keepsake
from apps.core import clock

SUMMARY = """\
  Console      {base}/console/
  Back office  {base}/admin/
  Sign in      {email}  (staff: {staff_email})
  Password     {password}

  curl {base}/v1/chat/completions -H "Authorization: Bearer {token}" \\
    -H "Content-Type: application/json" \\
    -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'

  from openai import OpenAI
  client = OpenAI(base_url="{base}/v1", api_key="{token}")
  answer = client.chat.completions.create(model="{model}", messages=[{{"role": "user", "content": "Hello"}}])
  print(answer.choices[0].message.content)
"""


class Command(BaseCommand):
    help = "Add the demo's people, credits, token and models. A second run changes nothing. Development only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's sign-in is for development. Set DEBUG=1, or use create_user.")
        path = settings.STATE_DIR / "demo.json"
        kept = read_keepsake(path)
        keepsake = build_house(kept, at=clock.now())
        if keepsake != kept:
            write_keepsake(path, keepsake)
        if options["verbosity"]:
            self.stdout.write(
                SUMMARY.format(
                    base=settings.PUBLIC_URL,
                    email=keepsake.email,
                    staff_email=keepsake.staff_email,
                    password=keepsake.password,
                    token=keepsake.token,
                    model=keepsake.model,
                )
            )
