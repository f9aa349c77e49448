/* One section at a time, saved on the way. Browsers before 2020 cannot read it and go without: all works. */
(()=>{
const d=document,el=i=>d.getElementById(i),all=(s,f)=>d.querySelectorAll(s).forEach(f),now=()=>performance.now(),ev=(k,g,o=d)=>o.addEventListener(k,g),L=location,
f=el('f'),more=el('lanjut'),done=el('terima'),note=el('galat'),P='guyub.'
let S,away
try{S=localStorage;S.getItem(P)}catch(e){}
const put=(k,v)=>{try{v?S.setItem(P+k,v):S.removeItem(P+k)}catch(e){S=0}}
/* drafts, newest first: [id,{time,survey,query,rev,dirty}]; kept 14 days */
const drafts=()=>{const l=[]
try{Object.keys(S).forEach(k=>{if(k.startsWith(P)){const v=JSON.parse(S[k]),id=k.slice(6)
v.t>Date.now()-12096e5?l.push([id,v]):put(id)}})}catch(e){}
return l.sort((a,b)=>b[1].t-a[1].t)}
const list=drafts()
note?.focus()
if(done)put(done.dataset.done)
if(more){const x=list.find(x=>x[1].s==more.dataset.home),m=more.elements
if(x){more.hidden=0;m.id.value=x[0]
if(/^#b/.test(L.hash)){/* fell out of memory: go on */
history.replaceState(0,'',L.href.split('#')[0]);m.lanjut.click()}}}
const button=e=>e.target.closest('button')||0
ev('click',e=>{if(button(e).name=='lupakan'){away=1;drafts().forEach(x=>put(x[0]))}})
if(!f||!f.dataset.at)return

const b=f.elements,id=b.id.value,st=el('st'),c=f.dataset,steps=[...f.querySelectorAll('.step')],old=list.find(x=>x[0]==id)
let rev=b.rev.value-1,dirty=0,edits=0,at=0,t0=now(),on=!d.hidden,next,last=Promise.resolve()
if(c.state=='drop')put(id)
else if(!c.state&&old?.[1].d){rev=old[1].r;dirty=1
new URLSearchParams(old[1].q).forEach((v,k)=>{if(!/^(id|rev|la|tolak)/.test(k))d.getElementsByName(k).forEach(i=>{
if(!/radio|box/.test(i.type))i.value=v
else if(i.value==v)i.checked=1})})}
const was=b.detik.value.split(','),sec=steps.map((s,i)=>+was[i]||0)
const body=()=>new URLSearchParams(new FormData(f))
const hold=()=>put(id,JSON.stringify({t:Date.now(),s:c.home.split('?')[0],q:''+body(),r:rev,d:dirty}))
const say=k=>{st.dataset.k=k;st.textContent=c[k].replace('@',new Date().toTimeString().slice(0,5).replace(':',c.colon))}
const tick=()=>{const n=now()
if(on)sec[at]+=(n-t0)/1e3
t0=n;on=!d.hidden;b.detik.value=sec.map(x=>x.toFixed(1))}
const stamp=()=>{tick();b.rev.value=++rev;hold()}

/* full state, new rev: repeats do no harm */
const send=async()=>{const n=edits
let code
stamp();say('saving')
try{code=(await fetch(f.action,{method:'POST',body:body(),headers:{Accept:'application/json'},keepalive:true,signal:AbortSignal.timeout?.(3e4)})).status}catch(e){}
if(away)return
if(code<300){if(n==edits)dirty=0
hold();say('saved')
all('#galat,.why',x=>x.remove());all('.bad',x=>x.classList.remove('bad'));all('[aria-invalid]',x=>x.ariaInvalid=null)
return 1}
if(code<500&&code!=429){away=1;return f.submit()} /* the server's page says more */
dirty=1;hold();say(S?'kept':'lost');setTimeout(due,15e3)}
const save=()=>next=next||last.then(()=>{next=0;return last=send()})

const h=n=>steps[n].querySelector('h2')
const show=n=>{tick();at=n;steps.forEach((s,i)=>s.hidden=i!=n)
b.lihat.value+=','+(n+1)
d.title=h(n).textContent+' · Guyub'}
const focus=(n,x)=>{show(n);(x||h(n)).focus()}
const go=n=>{all('.kind',x=>x.remove());history.pushState(0,'','#b'+(n+1));scrollTo(0,0);focus(n)}
ev('popstate',()=>{const x=el(L.hash.slice(1)),s=x?.closest('.step')
if(s)focus(steps.indexOf(s),x!=s&&x)},self)
ev('input',()=>{edits++;dirty=1;hold()},f)
ev('click',async e=>{const x=button(e),n=x.name
if(x.form!=f||away)return
if(x.type=='button')return go(at-1)
if(n=='bahasa'){away=1;return stamp()}
e.preventDefault()
if(n!='final'){if(steps[at+1])go(at+1)
return save()}
if(await save()){if(!away){stamp();away=1;x.click()}}
else st.scrollIntoView({block:'center'})})
ev('pageshow',()=>away=0,self)
const due=()=>{tick();if(dirty&&!away)save()}
ev('visibilitychange',due)
ev('online',due,self)

all('#f [type=button]',x=>x.hidden=0)
all('.now',x=>x.remove())
b.layar.value='js'
show(c.at-1)
/* a fragment during load takes the focus */
ev('load',()=>history.replaceState(0,'',c.home+'#b'+(at+1)),self)
if(dirty)save()
})()
