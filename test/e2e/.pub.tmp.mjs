import { connect } from '@nats-io/transport-node';
const nc = await connect({ servers: '127.0.0.1:14222', user: 'operator', pass: 'local-operator' });
const t0=Date.now();
const s = nc.subscribe('lp.v1.>');
setTimeout(()=>nc.close(), Number(process.argv[2]??8000));
nc.publish('lp.v1.trigger.manual.local.0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640','{}');
for await (const m of s) if(!m.subject.startsWith('lp.v1.tick')) {let d={};try{d=m.json()}catch{};console.log(Date.now()-t0, m.subject.slice(0,30), d.reason??'', d.decision?.reason ?? '', d.kind??'', d.outcome??'', d.message??'',/decision|trade/.test(m.subject)?m.string().slice(0,3000):'');}
