/*!
burnish, Apache-2.0. This bundle may hold parts of:
- Preact 11.2.0 and @preact/signals 2.11.4, MIT, Copyright (c) 2015-present Jason Miller, Preact contributors
- @tanstack/virtual-core 3.19.11, MIT, Copyright (c) 2021-present Tanner Linsley
- Apache Arrow 21.2.0, Apache-2.0, Copyright 2016-2024 The Apache Software Foundation; FlatBuffers, Apache-2.0, Copyright Google
- tslib, 0BSD, Copyright (c) Microsoft Corporation
The texts of the licences are in web/licenses of the burnish source.
*/
import{b as e,h as t,v as n,y as r}from"./app.js";import{t as i}from"./effect.js";var a={import:`read from a source`,apply:`made from a review`,curate:`cleaned by the policy`,relabel:`given labels by people`,undo:`an undo`},o=e=>a[e]??e;function s(e){let t=Object.entries(e).filter(([,e])=>e>0).map(([e,t])=>`${n(t)} ${e}`);return t.length===0?`no row changed`:t.join(`, `)}var c=e=>Object.entries(e).map(([e,t])=>`${e} ${n(t)}`).join(`, `);function l({measured:t}){return t.length===0?null:e(`section`,{"aria-labelledby":`measured-title`,children:[e(`h2`,{id:`measured-title`,children:`What was measured`}),e(d,{measured:t})]})}var u={made:`that made this version`,pending:`of its review`};function d({measured:t}){return t.length===0?null:e(`ul`,{class:`plain`,children:t.map(t=>e(f,{measured:t},t.key))})}function f({measured:n}){return e(`li`,{children:[e(i,{effect:n.effect}),e(`p`,{class:`quiet`,children:[t(n.n_edits,`edit`),` `,u[n.of],n.current===!1?`, which has changed since`:``,`; `,n.who,`, `,r(n.created),`.`]})]})}export{o as a,s as i,d as n,c as r,l as t};