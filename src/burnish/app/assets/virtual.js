/*!
burnish, Apache-2.0. This bundle may hold parts of:
- Preact 11.2.0 and @preact/signals 2.11.4, MIT, Copyright (c) 2015-present Jason Miller, Preact contributors
- Apache Arrow 21.2.0, Apache-2.0, Copyright 2016-2024 The Apache Software Foundation; FlatBuffers, Apache-2.0, Copyright Google
- tslib, 0BSD, Copyright (c) Microsoft Corporation
The texts of the licences are in web/licenses of the burnish source.
*/
import{Q as e,Z as t,q as n}from"./app.js";var r=8;function i(i,a){let[o,s]=e(null),[,c]=t(e=>e+1,0);n(()=>{if(o===null)return;let e=()=>c(void 0),t=new ResizeObserver(e);return t.observe(o),o.addEventListener(`scroll`,e,{passive:!0}),()=>{t.disconnect(),o.removeEventListener(`scroll`,e)}},[o]);let{scrollTop:l=0,clientHeight:u=0}=o??{},d=Math.max(0,Math.min(i-1,Math.floor(l/a))-r),f=Math.min(i,Math.ceil((l+u)/a)+r);return{scroller:s,place:o,items:Array.from({length:Math.max(0,f-d)},(e,t)=>d+t),height:i*a,scrollTo:e=>{if(o===null||e<0)return;let t=e*a;t<o.scrollTop?o.scrollTop=t:t+a>o.scrollTop+o.clientHeight&&(o.scrollTop=t+a-o.clientHeight)}}}export{i as t};