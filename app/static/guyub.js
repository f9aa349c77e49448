/* Guyub, member pages: one section at a time, saved on the way. All of it works without this file. */
(()=>{'use strict'
const d=document,el=i=>d.getElementById(i),form=el('f'),more=el('lanjut'),done=el('terima'),note=el('galat')
let S
try{S=localStorage;S.getItem('')}catch(e){}
const put=(k,v)=>{try{S.setItem('guyub.'+k,v)}catch(e){S=0}}
const drop=k=>{try{S.removeItem('guyub.'+k)}catch(e){}}
/* drafts of this phone, newest first: [id, {time, survey, query, rev, dirty}]; gone after 14 days */
const drafts=()=>{const list=[]
try{Object.keys(S).forEach(k=>{if(k.startsWith('guyub.')){const v=JSON.parse(S[k])
v.t>Date.now()-12096e5?list.push([k.slice(6),v]):S.removeItem(k)}})}catch(e){}
return list.sort((a,b)=>b[1].t-a[1].t)}
const all=drafts()
if(note)note.focus()
if(done)drop(done.dataset.done)
if(more){const mine=all.find(x=>x[1].s==more.dataset.home)
if(mine){more.hidden=false;more.elements.id.value=mine[0]
/* the phone had thrown the page out of memory: go on where it was */
if(/^#b\d/.test(location.hash)){history.replaceState(0,'',location.pathname+location.search);more.elements.lanjut.click()}}}
d.addEventListener('click',e=>{const b=e.target.closest('button')
if(b&&b.name=='lupakan')drafts().forEach(x=>drop(x[0]))})
if(!form||!form.dataset.at)return

const box=form.elements,id=box.id.value,st=el('st'),data=form.dataset,steps=[...form.querySelectorAll('.step')]
const old=all.find(x=>x[0]==id),seen=new Set(box.lihat.value.split(',').filter(Boolean))
const secs=box.detik.value.split(','),sec=steps.map((s,i)=>+secs[i]||0)
let rev=box.rev.value-1,dirty=0,edits=0,at=0,since=performance.now(),on=!d.hidden,busy,pass,timer,queued,last=Promise.resolve()
const body=()=>new URLSearchParams(new FormData(form))
const hold=()=>put(id,JSON.stringify({t:Date.now(),s:data.home.split('?')[0],q:''+body(),r:rev,d:dirty}))
const say=k=>{st.dataset.k=k;st.textContent=data[k].replace('@',new Date().toTimeString().slice(0,5).replace(':',data.colon))}
const tick=()=>{const now=performance.now()
if(on)sec[at]+=(now-since)/1e3
since=now;on=!d.hidden;box.detik.value=sec.map(x=>Math.round(x*10)/10)}

/* every send carries the full state and a rev of its own: lost answers and repeats do no harm */
const send=async()=>{const mine=edits,stop=new AbortController,limit=setTimeout(()=>stop.abort(),3e4)
tick();box.rev.value=++rev;hold();say('saving');clearTimeout(timer)
let code=0
try{code=(await fetch(form.action,{method:'POST',body:body(),headers:{Accept:'application/json'},keepalive:true,signal:stop.signal})).status}catch(e){}
clearTimeout(limit)
if(code>199&&code<300){if(mine==edits)dirty=0
hold();say('saved');return 1}
if(code>399&&code<500&&code!=429)return form.submit() /* the server's page says what to do */
dirty=1;hold();say(S?'kept':'lost');timer=setTimeout(save,15e3)}
const save=()=>queued||(queued=last.then(()=>{queued=0;return last=send()}))

const show=n=>{tick();at=n;steps.forEach((s,i)=>{s.hidden=i!=n})
seen.add(''+(n+1));box.lihat.value=[...seen]
d.title=steps[n].querySelector('h2').textContent+' · Guyub'}
const go=n=>{history.pushState(0,'','#b'+(n+1));show(n);scrollTo(0,0);steps[n].querySelector('h2').focus({preventScroll:true})}
addEventListener('popstate',()=>{const t=el(location.hash.slice(1)),s=t&&t.closest('.step')
if(s){show(steps.indexOf(s));(t==s?s.querySelector('h2'):t).focus()}})

form.addEventListener('input',()=>{edits++;dirty=1;hold()})
d.addEventListener('click',async e=>{const b=e.target.closest('button')
if(!b||b.form!=form||pass)return
if(b.type=='button')return go(at-1)
if(b.name=='bahasa'){tick();box.rev.value=++rev;return hold()}
e.preventDefault()
if(b.name!='final'){if(at<steps.length-1)go(at+1)
return save()}
if(busy)return
busy=1;setTimeout(()=>{busy=0},8e3)
if(await save()){pass=1;box.rev.value=++rev;b.click();pass=0}
else{busy=0;st.scrollIntoView({block:'center'})}})
d.addEventListener('visibilitychange',()=>{tick();if(dirty)save()})
addEventListener('online',()=>{if(dirty)save()})

form.querySelectorAll('[type=button]').forEach(b=>{b.hidden=false})
form.querySelectorAll('.now').forEach(p=>p.remove())
box.layar.value='js'
if(data.state=='drop')drop(id)
else if(!data.state&&old&&old[1].d){rev=old[1].r;dirty=1
new URLSearchParams(old[1].q).forEach((v,k)=>{if(!/^(id|rev|lang|layar|latar)$/.test(k))d.getElementsByName(k).forEach(f=>{
if(/radio|checkbox/.test(f.type)){if(f.value==v)f.checked=true}else f.value=v})})
box.lihat.value.split(',').forEach(x=>x&&seen.add(x))
save()}
history.replaceState(0,'',data.home+'#b'+data.at)
show(data.at-1)
})()
