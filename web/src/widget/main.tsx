// The map in a notebook (anywidget).

export default { render: (): void => undefined };
