"""Small chat templates, each with a habit that real ones have."""

from __future__ import annotations

TAIL = "{% if add_generation_prompt %}<|assistant|>{% endif %}"


def _turns(content: str, role: str = "message['role']") -> str:
    return f"{{% for message in messages %}}<|{{{{ {role} }}}}|>{content}<|end|>{{% endfor %}}"


PLAIN = _turns("{{ message['content'] }}") + TAIL
TRIMS = _turns("\n{{ message.content | trim }}\n") + TAIL
TRIMS_SOME = (
    "{% for message in messages %}<|{{ message['role'] }}|>"
    "{% if message['role'] == 'assistant' %}{{ message['content'].lstrip('\\n') }}"
    "{% else %}\n\n{{ message['content'].rstrip() }}{% endif %}<|end|>\n{% endfor %}" + TAIL
)
REFUSES_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turns') }}{% endif %}"
    + TRIMS
)
DROPS_SYSTEM = (
    "{% for message in messages if message['role'] != 'system' %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}" + TAIL
)
BRACKETS = (
    "{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}"
    "{% set first = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}"
    "{% else %}{% set turns = messages %}{% set first = '' %}{% endif %}"
    "{% for message in turns %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if message['role'] == 'user' %}"
    "{% set content = (first if loop.first else '') + message['content'] %}"
    "{{ bos_token }}[INST] {{ content.strip() }} [/INST]"
    "{% else %} {{ message['content'].strip() }} {{ eos_token }}{% endif %}{% endfor %}"
)
SYSTEM_LAST = (
    "{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}{% else %}"
    "{% set turns = messages %}{% endif %}{% for message in turns %}"
    "<|{{ message['role'] }}|>{% if loop.last and messages[0]['role'] == 'system' %}"
    "{{ messages[0]['content'] }}\n\n{% endif %}{{ message['content'] }}<|end|>{% endfor %}" + TAIL
)
WORDS = (
    "{% for message in messages %}{{ message['role'].upper() }}: {{ message['content'] }}\n"
    "{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
PARTS = (
    "{% for message in messages %}<|{{ message['role'] }}|>{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% elif part['type'] == 'image' %}"
    "<image>{% endif %}{% endfor %}<|end|>{% endfor %}" + TAIL
)
USER_PARTS = (
    "{% for message in messages %}<|{{ message['role'] }}|>{% if message['role'] == 'user' %}"
    "{% for part in message['content'] %}{{ part['text'] }}{% endfor %}"
    "{% else %}{{ message['content'] + '' }}{% endif %}<|end|>{% endfor %}" + TAIL
)
ALWAYS_THINKS = (
    "{% for message in messages %}{% set content = message['content'] %}"
    "{% if message['role'] == 'assistant' and '</think>' in content %}"
    "{% set content = content.split('</think>')[-1] %}{% endif %}"
    "<|{{ message['role'] }}|>{{ content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{{ '<think>\n' }}{% endif %}"
)
KEEPS_THOUGHTS = (
    "{% for message in messages %}<|{{ message['role'] }}|>"
    "{% if message.reasoning_content %}<think>{{ message.reasoning_content }}</think>\n"
    "{% endif %}{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|><think>{% endif %}"
)
MAY_THINK = (
    PLAIN + "{% if enable_thinking is defined and not enable_thinking %}"
    "<think>\n\n</think>\n\n{% endif %}"
)
DATE_STRING = (
    "{% if not date_string is defined %}{% if strftime_now is defined %}"
    '{% set date_string = strftime_now("%d %b %Y") %}{% else %}'
    "{% set date_string = '1 May 2020' %}{% endif %}{% endif %}"
    "<|system|>Today: {{ date_string }}\n\n<|end|>" + TRIMS
)
DATE_CALLED = (
    "\n<|system|>Day: {{ strftime_now('%A, %-d %B %Y, %H:%M') }}\nMode: "
    "{{ 'off' if '/no_think' in messages[0]['content'] or not enable_thinking else 'on' }}<|end|>\n"
    + PLAIN
)
DROPS_ANSWERS = (
    "{% for message in messages if message['role'] != 'assistant' %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}" + TAIL
)
LAST_TURN_ONLY = "<|user|>{{ messages[-1]['content'] }}<|end|>" + TAIL
BACKWARDS = (
    "{% for message in messages | reverse %}<|{{ message['role'] }}|>{{ message['content'] }}"
    "{% endfor %}" + TAIL
)
NO_SYNTAX = "{% for message in messages %}\n{{ message['content'] }\n{% endfor %}"
FAILS = "{{ messages[0]['content'] + 1 }}"

ORDINARY = {
    "plain": PLAIN,
    "trims": TRIMS,
    "trims some": TRIMS_SOME,
    "brackets": BRACKETS,
    "system last": SYSTEM_LAST,
    "words": WORDS,
    "may think": MAY_THINK,
}
"""Used as they are."""
