/*!
burnish, Apache-2.0. This bundle may hold parts of:
- Preact 11.2.0 and @preact/signals 2.11.4, MIT, Copyright (c) 2015-present Jason Miller, Preact contributors
- Apache Arrow 21.2.0, Apache-2.0, Copyright 2016-2024 The Apache Software Foundation; FlatBuffers, Apache-2.0, Copyright Google
- tslib, 0BSD, Copyright (c) Microsoft Corporation
The texts of the licences are in web/licenses of the burnish source.
*/
import{b as e,et as t}from"./app.js";function n({of:n,children:i}){return n.value===null?n.problem===null?e(`p`,{class:`quiet waiting`,"aria-busy":`true`,children:`Loading …`}):e(r,{message:n.problem.message,remedy:n.problem.remedy}):e(t,{children:i(n.value)})}function r({message:t,remedy:n}){return e(`div`,{class:`trouble`,role:`alert`,children:[e(`p`,{children:e(`strong`,{children:t})}),e(`p`,{children:n})]})}export{n,r as t};