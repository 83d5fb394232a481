"""What `./sluice run` prints once the site is up: addresses, the demo sign-in, and two calls to paste."""

import json
from pathlib import Path

ADDRESSES = """
  Console      {base}/console/
  Back office  {base}/admin/
  API docs     {base}/api/docs
"""

DEMO = """
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


def welcome_text(base: str, demo_file: Path) -> str:
    """The addresses, and the demo's part when its file is there."""
    text = ADDRESSES.format(base=base)
    if demo_file.exists():
        text += DEMO.format(base=base, **json.loads(demo_file.read_text()))
    return f"\nSluice is up. Ctrl-C stops everything.\n{text}"
