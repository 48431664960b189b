import { IconChevronLeft } from "@tabler/icons-react";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";
import classes from "./Page.module.css";

interface Props {
  title: string;
  /** What stands beside the title: chips. */
  beside?: ReactNode;
  under?: ReactNode;
  back?: { to: LinkProps["to"]; label: string };
  actions?: ReactNode;
  children: ReactNode;
}

// The first page is the browser's to announce; from then on a new page takes the focus.
let arrived = false;

/** A page of the console: its title takes the focus when one comes to it. */
export function Page({ title, beside, under, back, actions, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · kohomai`;
  }, [title]);
  useEffect(() => {
    if (arrived) heading.current?.focus({ preventScroll: true });
    arrived = true;
  }, []);
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div className={classes.titles}>
          {back !== undefined && (
            <Link to={back.to} className={classes.back}>
              <IconChevronLeft size={16} aria-hidden />
              {back.label}
            </Link>
          )}
          <div className={classes.actions}>
            <h1 className={classes.title} ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {beside}
          </div>
          {under !== undefined && <div className={classes.under}>{under}</div>}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}

/** A part of a page with its heading. */
export function Panel({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.panel}>
      <header>
        <h2>{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  );
}
