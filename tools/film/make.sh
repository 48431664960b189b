#!/usr/bin/env bash
# Makes the demo's film, app/media/welcome.webm: 24 seconds of our own drawing, CC0. Needs
# ffmpeg and the DejaVu fonts (Debian: ffmpeg, fonts-dejavu-core). The captions beside it,
# welcome.vtt, are written by hand.
set -euo pipefail
cd "$(dirname "$0")/../.."
font=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
bold=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf

# One title and one line, faded in and out over six seconds.
scene() { # from title line
	local a="alpha='if(lt(t,$1+0.6),(t-$1)/0.6,if(gt(t,$1+5.4),($1+6-t)/0.6,1))':enable='between(t,$1,$1+6)'"
	echo "drawtext=fontfile=$bold:text='$2':fontsize=40:fontcolor=0x1c2b33:x=(w-text_w)/2:y=136:$a,drawtext=fontfile=$font:text='$3':fontsize=21:fontcolor=0x3c4f59:x=(w-text_w)/2:y=196:$a"
}

filter="$(scene 0 'Welcome' 'Four short steps and you are ready.'),"
filter+="$(scene 6 'Pick a time' 'Choose a moment for the kick-off call.'),"
filter+="$(scene 12 'Tell us more' 'What you enter is kept as you type.'),"
filter+="$(scene 18 'We take it from here' 'An account manager looks at your company.')"
# A bar at the bottom edge that grows with the time.
bar="[0:v]$filter[page];[page][1:v]overlay=x='-640+640*t/24':y=354"

ffmpeg -hide_banner -loglevel error -y -f lavfi -i "color=c=0xf6f4ef:s=640x360:r=12:d=24" \
	-f lavfi -i "color=c=0x0f6e84:s=640x6:r=12:d=24" -filter_complex "$bar" \
	-an -c:v libvpx-vp9 -b:v 0 -crf 44 -g 24 -threads 1 -row-mt 0 -pix_fmt yuv420p \
	-map_metadata -1 -fflags +bitexact -flags:v +bitexact app/media/welcome.webm
ls -l app/media/welcome.webm
