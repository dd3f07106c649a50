/*!
burnish, Apache-2.0. This bundle may hold parts of:
- Preact 11.2.0 and @preact/signals 2.11.4, MIT, Copyright (c) 2015-present Jason Miller, Preact contributors
- Apache Arrow 21.2.0, Apache-2.0, Copyright 2016-2024 The Apache Software Foundation; FlatBuffers, Apache-2.0, Copyright Google
- tslib, 0BSD, Copyright (c) Microsoft Corporation
The texts of the licences are in web/licenses of the burnish source.
*/
import{O as e,b as t,t as n}from"./app.js";function r({v:r,small:i=!1}){return t(`button`,{type:`button`,class:i?`small`:`primary`,onClick:()=>void e(()=>n({kind:`audit`,v:r})),children:[`Audit `,r]})}function i({v:e}){return t(`section`,{class:`empty`,children:[t(`h2`,{children:[e,` has not been audited.`]}),t(`p`,{children:[`An audit embeds the rows, finds copies, leaks, suspect labels, outliers and weak slices, and draws the map. Most of what is known of the version that this one was made from is used again. What `,t(`code`,{children:`burnish gc`}),` removed of an earlier audit is made again, too.`]}),t(r,{v:e})]})}export{i as n,r as t};